"""Markers of an LSL stream, as presentation software sends them (`--markers-from STREAM`).

The stream may appear before or after this program, on this machine or another of the network; if
it is lost, it is looked for again.  LSL stamps a marker when it is sent; the stamp is brought to
this machine's LSL clock by LSL's own correction, and from there to the monotonic clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Self

from realtime.export.lsl import load_pylsl
from realtime.markers.inbox import MarkerInbox

_RESOLVE_S = 1.0  # for one look at the network
_OPEN_S = 10.0
_POLL_S = 0.2
_JOIN_S = 3.0
_HELD_S = 360  # of markers, before they are read


class LslMarkerInlet:
    """Context manager; listens on a thread of its own.

    Args:
        name: of the stream.

    Raises:
        SettingsError: pylsl or its library is not there.
    """

    def __init__(self, name: str, inbox: MarkerInbox) -> None:
        self._pylsl = load_pylsl("--markers-from")
        self._name = name
        self._inbox = inbox
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lsl-markers", daemon=True)

    def __enter__(self) -> Self:
        self._inbox.tell(f"waiting for the LSL stream {self._name}")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            found = self._find()
            if found is None:
                continue
            if found.nominal_srate() != self._pylsl.IRREGULAR_RATE:
                self._inbox.tell(f"the LSL stream {self._name} has a fixed rate: no markers")
                return
            try:
                self._receive(found)
            except (self._pylsl.util.LostError, TimeoutError):
                self._inbox.tell(f"the LSL stream {self._name} is lost; looking for it again")

    def _find(self) -> Any:
        streams = self._pylsl.resolve_streams(_RESOLVE_S)
        return next((info for info in streams if info.name() == self._name), None)

    def _receive(self, found: Any) -> None:
        """Until the end, or the stream is lost."""
        inlet = self._pylsl.StreamInlet(found, max_buflen=_HELD_S, recover=False)
        try:
            inlet.open_stream(_OPEN_S)
            inlet.time_correction(_OPEN_S)  # the first takes a while, and later ones are at hand
            self._inbox.tell(f"the LSL stream {self._name} is there")
            while not self._stop.is_set():
                sample, stamp_s = inlet.pull_sample(_POLL_S)
                if sample is not None:
                    t_ns = self._monotonic_ns(stamp_s + inlet.time_correction(_OPEN_S))
                    self._inbox.put(t_ns, _label(sample), "lsl")
        finally:
            inlet.close_stream()

    def _monotonic_ns(self, lsl_s: float) -> int:
        """The monotonic time of an LSL time, by both clocks now."""
        age_s: float = self._pylsl.local_clock() - lsl_s
        return time.monotonic_ns() - round(1e9 * age_s)


def _label(sample: Sequence[str | float]) -> str:
    """The channels of a sample; numbers, such as trigger codes, as they are usually written."""
    return " ".join(part if isinstance(part, str) else f"{part:g}" for part in sample)
