"""`events.jsonl`: one line per event, appended when it is flagged and never rewritten.

Filled by the event tracker on the analysis thread, written by the thread of the disk, read by
`open_session`.  Each line is one write followed by an fsync, so a kill or a power cut costs at most
the line being written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from realtime.event import Event
from realtime.recording.session_folder import SessionFolder

NAME = "events.jsonl"
_log = logging.getLogger(__name__)


class EventLog:
    """Appends events to one session.

    Args:
        submit: has a job done by who writes to the disk; None: here.
    """

    def __init__(
        self,
        session: SessionFolder,
        submit: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.failures = 0  # events that are not in the file because it could not be written
        self._session = session
        self._submit = submit

    def append(self, event: Event) -> None:
        """Take one event; a full disk is counted in `failures` and never stops detection."""
        if self._submit is None:
            self._write(event)
        else:
            self._submit(partial(self._write, event))

    def _write(self, event: Event) -> None:
        if self._session.append_line(NAME, event.to_json()):
            return
        self.failures += 1
        if self.failures == 1:
            _log.warning("event %s could not be written to %s", event.id, self._session.folder)
