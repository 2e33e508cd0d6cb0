"""Fleeting's own sessions that a person has reviewed: flagged events as records.

`fleeting review`, or an editor, puts a `labels.csv` into the session folder, columns `id,label`,
the label one of negative, positive, surprise and none.  The pictures are the event's onset and
apex stills, so they are numbered by the event's own frames.  Every session folder is one subject
unless labels.csv has a `subject` column.
"""

from __future__ import annotations

from pathlib import Path

from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError, RecordingError
from realtime.event import Event
from realtime.recording.labels_csv import LABELS, read_labels
from realtime.recording.labels_csv import NAME as LABELS_FILE
from realtime.recording.session import Session, open_session

NAME = "sessions"


def load(root: Path) -> Dataset:
    """Sessions at or below `root`.  Raises DataError when none of them has been reviewed."""
    reviewed = sorted(path.parent for path in root.rglob(LABELS_FILE))
    if not reviewed:
        raise DataError(
            f"{root} holds no reviewed session, that is no {LABELS_FILE} (id,label): "
            "fleeting review SESSION makes one"
        )
    report, records = LoadReport(), []
    for session in reviewed:
        records += _session(session, report)
    return Dataset(NAME, tuple(records), report)


def _session(folder: Path, report: LoadReport) -> list[Record]:
    session = open_session(folder)
    for trouble in session.troubles:
        report.skip(NAME, folder.name, trouble)
    events = {event.id: event for event in session.events}
    records = []
    for number, row in enumerate(read_labels(folder / LABELS_FILE), 2):
        where = f"{folder.name}/{LABELS_FILE} row {number}"
        identity, label = row["id"].strip(), row["label"].strip().lower()
        if identity not in events:
            report.skip(NAME, where, "no event of that id")
        elif label not in LABELS:
            report.skip(NAME, where, f"label is none of {', '.join(LABELS)}")
        else:
            subject = (row.get("subject") or "").strip() or folder.name
            record = _record(session, events[identity], label, subject)
            if isinstance(record, str):
                report.skip(NAME, where, record)
            else:
                records.append(record)
    return records


def _record(session: Session, event: Event, label: str, subject: str) -> Record | str:
    try:
        stills = [session.files.path(name) for name in event.stills[:2]]
    except RecordingError as error:
        return str(error)
    if len(stills) < 2 or not all(path.is_file() for path in stills):
        return "its stills are not there"
    onset, apex, seconds = event.onset_frame, event.apex_frame, event.apex_s - event.onset_s
    if apex <= onset or seconds <= 0:
        return "its apex is not after its onset"
    return Record(
        dataset=NAME,
        subject=subject,
        clip=f"{session.folder.name}/{event.id}",
        frames={onset: stills[0], apex: stills[1]},
        fps=(apex - onset) / seconds,
        onset=onset,
        apex=apex,
        offset=apex,
        kind="micro",
        emotion=label,
        valence_raw=label,
        face_box=event.face_box,
    )
