"""Fleeting's own sessions that a person has reviewed: flagged events as records.

`realtime.review`, or an editor, puts a `labels.csv` into the session folder, columns `id,label`,
the label one of negative, positive, surprise and none.  The pictures are the event's onset and
apex stills, so they are numbered by the event's own frames.  Every session folder is one subject
unless labels.csv has a `subject` column.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError
from realtime.recording.event_log import face_box_of
from realtime.review.labels import LABELS, read_labels
from realtime.review.labels import NAME as LABELS_FILE

NAME = "sessions"


def load(root: Path) -> Dataset:
    """Sessions at or below `root`.  Raises DataError when none of them has been reviewed."""
    reviewed = sorted(path.parent for path in root.rglob(LABELS_FILE))
    if not reviewed:
        raise DataError(
            f"{root} holds no reviewed session, that is no {LABELS_FILE} (id,label): "
            "python -m realtime.review SESSION makes one"
        )
    report, records = LoadReport(), []
    for session in reviewed:
        records += _session(session, report)
    return Dataset(NAME, tuple(records), report)


def _session(session: Path, report: LoadReport) -> list[Record]:
    events = _last_lines(session / "events.jsonl", report)
    records = []
    for number, row in enumerate(read_labels(session / LABELS_FILE), 2):
        where = f"{session.name}/{LABELS_FILE} row {number}"
        identity, label = row["id"].strip(), row["label"].strip().lower()
        if identity not in events:
            report.skip(NAME, where, "no event of that id")
        elif label not in LABELS:
            report.skip(NAME, where, f"label is none of {', '.join(LABELS)}")
        else:
            subject = (row.get("subject") or "").strip() or session.name
            record = _record(session, events[identity], label, subject)
            if isinstance(record, str):
                report.skip(NAME, where, record)
            else:
                records.append(record)
    return records


def _last_lines(path: Path, report: LoadReport) -> dict[str, dict[str, Any]]:
    """The last line of every event; a line that a kill has cut short is reported."""
    events: dict[str, dict[str, Any]] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            earlier = events.get(str(event["id"]), {})
        except (ValueError, KeyError, TypeError):
            report.skip(NAME, f"{path.parent.name}/{path.name} line {number}", "not an event")
            continue
        events[str(event["id"])] = {**earlier, **event}
    return events


def _record(session: Path, event: dict[str, Any], label: str, subject: str) -> Record | str:
    try:
        onset, apex = int(event["onset_frame"]), int(event["apex_frame"])
        seconds = float(event["apex_s"]) - float(event["onset_s"])
        stills = [session / name for name in event["stills"][:2]]
        box = face_box_of(event)
    except (KeyError, TypeError, ValueError):
        return "the event names no stills, no times or no place"
    if len(stills) < 2 or not all(path.is_file() for path in stills):
        return "its stills are not there"
    if apex <= onset or seconds <= 0:
        return "its apex is not after its onset"
    return Record(
        dataset=NAME,
        subject=subject,
        clip=f"{session.name}/{event['id']}",
        frames={onset: stills[0], apex: stills[1]},
        fps=(apex - onset) / seconds,
        onset=onset,
        apex=apex,
        offset=apex,
        kind="micro",
        emotion=label,
        valence_raw=label,
        face_box=box,
    )
