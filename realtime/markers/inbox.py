"""Where markers arrive from any thread, and from where the analysis writes them to the session.

Times are `t_ns` of the clock that stamps frames: of a live source the monotonic one.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from realtime.export.safe_text import one_line
from realtime.recording.markers import NAME, Marker, Origin
from realtime.recording.session_folder import SessionFolder

MAX_LABEL = 200  # characters that are kept of a label

_WAITING = 10_000  # markers; a sender that floods loses the rest, which is told
_ORIGINS: dict[Origin, str] = {"key": "keyboard", "lsl": "LSL stream", "port": "marker port"}


@dataclass(frozen=True, slots=True)
class _Arrival:
    t_ns: int
    label: str
    origin: Origin


class MarkerInbox:
    """`put` and `tell` may be called from any thread; `write` from one.

    Args:
        session: None: nothing is kept.
        submit: has a job done by who writes to the disk; None: here.
    """

    def __init__(
        self,
        session: SessionFolder | None,
        submit: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.dropped = 0  # markers that came faster than they could be written
        self._session = session
        self._submit = submit
        self._arrived: queue.Queue[_Arrival] = queue.Queue(_WAITING)
        self._told: deque[str] = deque(maxlen=20)
        self._heard: set[Origin] = set()

    def put(self, t_ns: int, label: str, origin: Origin) -> None:
        """A marker, stamped when it was set."""
        try:
            self._arrived.put_nowait(_Arrival(t_ns, one_line(label)[:MAX_LABEL], origin))
        except queue.Full:
            self.dropped += 1

    def tell(self, line: str) -> None:
        """Something of a sender that the user should know."""
        self._told.append(f"markers: {one_line(line)}")

    def write(self, zero_ns: int) -> list[str]:
        """Write what has arrived; what the user should know of it, a line each.

        A key is always told.  Of a sender only the first marker is: hundreds may follow.

        Args:
            zero_ns: time of second 0 of the session.
        """
        lines = [self._told.popleft() for _ in range(len(self._told))]
        for _ in range(self._arrived.qsize()):
            arrival = self._arrived.get_nowait()
            marker = Marker((arrival.t_ns - zero_ns) / 1e9, arrival.label, arrival.origin)
            self._keep(marker)
            said = f"{marker.t_s:.1f} s  marker {marker.label}".rstrip()
            if marker.origin == "key":
                lines.append(said)
            elif marker.origin not in self._heard:
                lines.append(f"{said}: the first of the {_ORIGINS[marker.origin]}")
            self._heard.add(marker.origin)
        return lines

    def keep_nothing(self) -> None:
        """From now on markers are told and not written."""
        self._session = None

    def shortage(self) -> list[str]:
        """What was lost, to be shown with the recorder's losses."""
        return [f"markers: {self.dropped} dropped: they came too fast"] if self.dropped else []

    def _keep(self, marker: Marker) -> None:
        if self._session is None:
            return
        job = partial(_append, self._session, marker)
        if self._submit is None:
            job()
        else:
            self._submit(job)


def _append(session: SessionFolder, marker: Marker) -> None:
    session.append_line(NAME, marker.to_json())
