"""What a session holds for a person to check: each movement that was flagged, as known last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realtime.errors import DataError, RecordingError
from realtime.event import UNCLASSIFIED
from realtime.face.face import Box
from realtime.recording.event_log import face_box_of, latest, read_events
from realtime.recording.session_folder import SessionFolder


@dataclass(frozen=True, slots=True)
class Flag:
    id: str
    kind: str  # "micro", or what the second look made of it
    onset_s: float
    apex_s: float
    offset_s: float
    label: str  # by the engine
    share: float | None  # probability of that class
    clip: Path | None  # None: there is nothing to look at
    first_frame_s: float | None  # time of the clip's first frame; None: not known
    face_box: Box | None = None  # at the apex; None: an earlier version did not say

    @property
    def stands(self) -> bool:
        return self.kind == "micro"


def open_session(folder: Path) -> SessionFolder:
    """Raises DataError if the folder holds no events."""
    if not (folder / "events.jsonl").is_file():
        raise DataError(
            f"{folder} is not a session: there is no events.jsonl in it (sessions lie in sessions/)"
        )
    return SessionFolder(folder, {})


def read_flags(session: SessionFolder) -> tuple[Flag, ...]:
    """Every movement that was flagged once, in the order of flagging.

    Raises:
        DataError: `events.jsonl` is not what it should be.
    """
    path = session.folder / "events.jsonl"
    records = read_events(path)
    last = latest(records)
    first: dict[str, Mapping[str, Any]] = {}  # as it was flagged
    for record in records:
        if record.get("kind") == "micro":
            first.setdefault(str(record.get("id")), record)
    try:
        return tuple(_flag(session, flagged, last[name]) for name, flagged in first.items())
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} holds an event without {error}") from error


def _flag(session: SessionFolder, flagged: Mapping[str, Any], event: Mapping[str, Any]) -> Flag:
    clip, first_ns = _clip(session, event.get("clip"))
    label, shares = str(event["label"]), event.get("probabilities") or {}
    return Flag(
        str(event["id"]),
        str(event["kind"]),
        float(event["onset_s"]),
        float(event["apex_s"]),
        float(event["offset_s"]),
        label,
        float(shares[label]) if label != UNCLASSIFIED and label in shares else None,
        clip,
        # the clip counts on the camera's clock, the event from the source's first frame; the onset
        # as it was flagged is known on both
        None if first_ns is None else float(flagged["onset_s"]) + first_ns / 1e9,
        face_box_of(event),
    )


def _clip(session: SessionFolder, name: object) -> tuple[Path | None, int | None]:
    """Where an event's clip is, and its first frame's time after the onset, ns."""
    if not isinstance(name, str):
        return None, None
    try:
        clip = session.path(name)
        recovered = session.path(name.removesuffix(".mp4") + ".recovered.mp4")
        notes = session.path(name.removesuffix(".mp4") + ".json")
    except RecordingError:  # a name that leads elsewhere
        return None, None
    found = next((path for path in (clip, recovered) if path.is_file()), None)
    try:
        times = json.loads(notes.read_text("utf-8"))
        return found, int(times["t_ns"][0]) - int(times["onset_ns"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return found, None
