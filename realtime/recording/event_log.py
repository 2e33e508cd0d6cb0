"""`events.jsonl`: one line per event, appended when it is flagged and never rewritten.

Written by the event tracker on the analysis thread, read by `open_session`.  Each line
is one write followed by an fsync, so a kill or a power cut costs at most the line being written.
"""

from __future__ import annotations

import logging

from realtime.event import Event
from realtime.recording.session_folder import SessionFolder

NAME = "events.jsonl"
_log = logging.getLogger(__name__)


class EventLog:
    """Appends events to one session."""

    def __init__(self, session: SessionFolder) -> None:
        self.failures = 0  # events that are not in the file because it could not be written
        self._session = session

    def append(self, event: Event) -> None:
        """Write one event; a full disk is counted in `failures` and never stops detection."""
        if self._session.append_line(NAME, event.to_json()):
            return
        self.failures += 1
        if self.failures == 1:
            _log.warning("event %s could not be written to %s", event.id, self._session.folder)
