"""Events as LSL markers, so that EEG, eye tracker and face lie on one clock (`--lsl`).

One stream, `Fleeting` of type `Markers`, one string of JSON a line of the event log: flagged,
rejected and revised; with `--only` those of one verdict, and every revision of what was sent.  A
marker is stamped with the apex, not with the moment it was sent; onset, apex and offset inside are
seconds of the LSL clock too.

LSL publishes its streams on the local network; that is why it is off unless requested.
Needs pylsl (the extra `labs`).
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from realtime.errors import SettingsError
from realtime.event import UNCLASSIFIED, Event
from realtime.export.only import Only, is_chosen
from realtime.extras import install_command

NAME, TYPE = "Fleeting", "Markers"
WHO_READS = (
    "everybody on the local network can read the LSL stream Fleeting: times, verdicts and classes "
    "of movements, and this machine's name; LSL has no password"
)


def load_pylsl(option: str) -> Any:
    """The library, for an option that needs it.

    Raises:
        SettingsError: pylsl or its library is not there.
    """
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError) as error:
        raise SettingsError(f"{option} needs pylsl: {install_command('labs')} ({error})") from error
    return pylsl


class LslMarkers:
    """Sends events of a live source; its times are those of `time.monotonic_ns`.

    Args:
        source: in words; with the machine's name it identifies this stream.
        only: events that are sent.

    Raises:
        SettingsError: pylsl or its library is not there.
    """

    def __init__(self, source: str, only: Only = "all") -> None:
        pylsl = load_pylsl("--lsl")
        self._clock_s = pylsl.local_clock
        self._only = only
        self._sent: set[str] = set()  # ids: who was sent a flag is sent its retraction too
        self.identity = f"fleeting {socket.gethostname()} {source}"
        info = pylsl.StreamInfo(NAME, TYPE, 1, pylsl.IRREGULAR_RATE, "string", self.identity)
        info.desc().append_child_value("program", "fleeting")
        self._outlet = pylsl.StreamOutlet(info)

    def send(self, event: Event, start_ns: int) -> None:
        """One marker, if the event is among those that are sent.

        Args:
            start_ns: time of the first frame, which the event counts from.
        """
        if not is_chosen(event, self._only) and event.id not in self._sent:
            return
        self._sent.add(event.id)
        onset_s, apex_s, offset_s = (
            self._on_lsl(start_ns + round(1e9 * t_s))
            for t_s in (event.onset_s, event.apex_s, event.offset_s)
        )
        marker = {
            "event": event.kind,
            "id": event.id,
            "face": event.face,
            "onset": round(onset_s, 6),
            "apex": round(apex_s, 6),
            "offset": round(offset_s, 6),
            "label": None if event.label == UNCLASSIFIED else event.label,
            "probability": event.probability,
            "reasons": list(event.reasons),
            "revises": event.revises,
        }
        self._outlet.push_sample([json.dumps(marker, allow_nan=False)], apex_s)

    def _on_lsl(self, t_ns: int) -> float:
        """The LSL time of a monotonic time, by both clocks now."""
        return float(self._clock_s()) - (time.monotonic_ns() - t_ns) / 1e9
