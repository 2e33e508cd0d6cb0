"""A study is a folder below which session folders lie: whose they are, of which condition.

    for session in open_study(Path("sessions")).sessions: ...

Read on demand: opening takes `session.json` and `events.jsonl` of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from realtime.errors import DataError
from realtime.recording.event_log import NAME as EVENTS
from realtime.recording.session import Session, open_session
from realtime.recording.session_folder import RECORD
from realtime.recording.session_record import SessionOutcome
from realtime.study.participants import Participants, read_participants

ARCHIVE = "archive.csv"  # of a batch, at the root: a row for each film
MADE_OF = "batch.json"  # beside the sessions of a video: what a batch made them of
_ENDED = (SessionOutcome.DONE, SessionOutcome.NOT_JUDGED)


@dataclass(frozen=True, slots=True)
class StudySession:
    session: Session
    name: str  # path of its folder below that of the study; of a study of one, its own name
    participant: str  # "": not given
    condition: str  # "": not given


@dataclass(frozen=True, slots=True)
class Study:
    folder: Path
    participants: Participants
    sessions: tuple[StudySession, ...]  # in the order of their paths
    troubles: tuple[str, ...]  # what could not be read, a sentence each

    @property
    def coders(self) -> tuple[str, ...]:
        """Everybody who answered anything, by name."""
        return tuple(sorted({coder for of in self.sessions for coder in of.session.labels}))

    def all_troubles(self) -> list[str]:
        """With those of files that have been read since it was opened, such as labels."""
        since = (f"{of.name}: {said}" for of in self.sessions for said in of.session.troubles)
        return list(dict.fromkeys([*self.troubles, *since]))


def open_study(folder: Path | str) -> Study:
    """Read every session at or below a folder, or the one session that it is.

    Of a film that a batch analysed more than once, the newest session that reached its end counts.
    Participant and condition are those of `session.json`; where it has none, a folder on the way
    to the session whose name is a participant_id of `participants.tsv`, with or without suffix,
    says whose it is, and that table the condition.

    Raises:
        DataError: there is no session, or `participants.tsv` cannot be read.
    """
    folder = Path(folder)
    participants = read_participants(folder)
    found, troubles = [], list[str]()
    for place in _session_folders(folder):
        name = place.relative_to(folder).as_posix() if place != folder else place.resolve().name
        try:
            session = open_session(place)
        except DataError as error:
            troubles.append(str(error))
            continue
        troubles += [f"{name}: {trouble}" for trouble in session.troubles]
        found.append(_placed(session, name, participants))
    if not found:
        raise DataError(
            "; ".join(troubles)
            or f"{folder} holds no session, that is no folder with a {RECORD} in it"
        )
    return Study(folder, participants, tuple(found), tuple(troubles))


def newest_session(folder: Path, *, whole: bool) -> Path | None:
    """The newest session directly below a folder; `whole`: that was analysed to its end."""
    try:
        newest_first = sorted(folder.glob(f"*/{RECORD}"), reverse=True)
    except OSError:
        return None
    places = (record.parent for record in newest_first)
    return next((place for place in places if not whole or _outcome(place) in _ENDED), None)


def name_participant(folder: Path, participant: str, condition: str) -> None:
    """Let the record of a session say whose face it is; a session without one stays as it is.

    Raises:
        DataError: the session cannot be read.
        RecordingError: the record cannot be written; it is as it was.
    """
    session = open_session(folder)
    record = session.record
    named = {"participant": participant, "condition": condition}
    if record is not None and (record.participant, record.condition) != (participant, condition):
        session.files.replace(RECORD, record.model_copy(update=named).to_json())


def _session_folders(folder: Path) -> Iterator[Path]:
    if any((folder / name).is_file() for name in (RECORD, EVENTS)):
        yield folder
        return
    if (folder / MADE_OF).is_file():
        newest = newest_session(folder, whole=True) or newest_session(folder, whole=False)
        if newest is not None:
            yield newest
        return
    try:
        with os.scandir(folder) as entries:
            below = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from error
    for name in below:
        if not name.startswith("."):
            yield from _session_folders(folder / name)


def _placed(session: Session, name: str, participants: Participants) -> StudySession:
    record = session.record
    participant = "" if record is None else record.participant
    condition = "" if record is None else record.condition
    participant = participant or participant_by_path(name, participants)
    return StudySession(
        session, name, participant, condition or participants.condition(participant)
    )


def participant_by_path(name: str, participants: Participants) -> str:
    """A folder on the way to a session that is named after a participant_id; "": none is.

    Args:
        name: path of the session below the study.
    """
    parts = PurePosixPath(name).parts
    named = (said for part in parts for said in (part, PurePosixPath(part).stem))
    return next((said for said in named if said in participants.rows), "")


def _outcome(session: Path) -> SessionOutcome | None:
    try:
        record = open_session(session).record
    except DataError:
        return None
    return None if record is None else record.outcome
