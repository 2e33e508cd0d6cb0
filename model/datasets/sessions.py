"""Fleeting's own sessions that people have coded: flagged events as records.

`fleeting review` keeps the answers in the session folder, a file for each coder.  An event counts
with the class that its coders gave it, or as none; where they differ, or one is unsure, it is left
out.  The pictures are the event's onset and apex stills, so they are numbered by the event's own
frames.  The participant is the subject; a session without one is a subject of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError, RecordingError
from realtime.event import CLASSES, Event
from realtime.recording.labels import CoderAnswer, Label
from realtime.study.study import StudySession, open_study

NAME = "sessions"


def load(root: Path) -> Dataset:
    """Sessions at or below `root`.  Raises DataError when none of them has been coded."""
    study = open_study(root)
    report, records = LoadReport(), []
    for trouble in study.troubles:
        report.skip(NAME, str(root), trouble)
    coded = [of for of in study.sessions if of.session.labels]
    if not coded:
        raise DataError(f"{root} holds no coded session: fleeting review {root} makes one")
    for of in coded:
        records += _session(of, report)
    return Dataset(NAME, tuple(records), report)


def _session(of: StudySession, report: LoadReport) -> list[Record]:
    events = {event.id: event for event in of.session.events}
    answers: dict[str, list[Label]] = {}
    for by_coder in of.session.labels.values():
        for label in by_coder:
            answers.setdefault(label.item, []).append(label)
    records = []
    for item, said in sorted(answers.items()):
        record = _record(of, events.get(item), _agreed(said))
        if isinstance(record, str):
            report.skip(NAME, f"{of.name} {item}", record)
        else:
            records.append(record)
    return records


def _agreed(answers: Sequence[Label]) -> str | None:
    """The class, or none, that every coder gave."""
    words = {label.word for label in answers}
    usable = words <= {*CLASSES, CoderAnswer.NONE.value}
    return words.pop() if usable and len(words) == 1 else None


def _record(of: StudySession, event: Event | None, word: str | None) -> Record | str:
    session = of.session
    if event is None:
        return "no event of that id"
    if word is None:
        return "its coders differ, or are unsure, or gave no class"
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
        subject=of.participant or of.name,
        clip=f"{session.folder.name}/{event.id}",
        frames={onset: stills[0], apex: stills[1]},
        fps=(apex - onset) / seconds,
        onset=onset,
        apex=apex,
        offset=apex,
        kind="micro",
        emotion=word,
        valence_raw=word,
        face_box=event.face_box,
    )
