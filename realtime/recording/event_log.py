"""`events.jsonl`: one line per event, appended when it is flagged and never rewritten.

Written by the event book on the analysis thread; read back by review and the tests.  Each line
is one write followed by an fsync, so a kill or a power cut costs at most the line being written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from realtime.errors import DataError
from realtime.event import Event
from realtime.face.face import Box
from realtime.recording.session_folder import SessionFolder

_NAME = "events.jsonl"
_log = logging.getLogger(__name__)


class EventLog:
    """Appends events to one session."""

    def __init__(self, session: SessionFolder) -> None:
        self.failures = 0  # events that are not in the file because it could not be written
        self._session = session

    def append(self, event: Event) -> None:
        """Write one event; a full disk is counted in `failures` and never stops detection."""
        if self._session.append_line(_NAME, event.to_json()):
            return
        self.failures += 1
        if self.failures == 1:
            _log.warning("event %s could not be written to %s", event.id, self._session.folder)


def read_events(path: Path) -> list[dict[str, object]]:
    """Every event line, in order.  A torn last line, as a power cut leaves it, is left out.

    Raises:
        DataError: if the file is missing or any other line is not an event.
    """
    try:
        *lines, tail = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    # what stands after the last newline was never finished, even if it happens to parse
    del tail
    events: list[dict[str, object]] = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: not a JSON line") from error
        if not isinstance(record, dict):
            raise DataError(f"{path}, line {number}: not an event")
        events.append(record)
    return events


def latest(records: Sequence[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Every event as known last, by its id, in the order of flagging."""
    known: dict[str, dict[str, object]] = {}
    for record in records:
        identity = str(record.get("id"))
        known[identity] = {**known.get(identity, {}), **record}
    return known


def face_box_of(record: Mapping[str, Any]) -> Box | None:
    """Where the face was that moved; None where an earlier version did not say.

    Raises:
        TypeError, ValueError: it is no box.
    """
    places = record.get("face_box")
    if places is None:
        return None
    left, top, right, bottom = (float(place) for place in places)
    if not (left < right and top < bottom):
        raise ValueError("a face_box that is one")
    return left, top, right, bottom
