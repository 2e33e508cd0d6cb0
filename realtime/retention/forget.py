"""`fleeting forget`: everything of a participant, or of one session, is removed and listed.

The sessions are marked first, then rows elsewhere go, then the folders: an interruption at any
point leaves enough for the same command to go on.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from realtime.errors import DataError, RecordingError, SettingsError
from realtime.export.safe_text import counted, one_line
from realtime.recording.own_sessions import is_own_session, own_sessions
from realtime.recording.removal import is_marked, mark_removed, remove_session
from realtime.recording.session_folder import RECORD
from realtime.recording.session_lock import is_being_recorded
from realtime.retention.tables import (
    drop_archive_rows,
    drop_batch_notes,
    drop_cached_crops,
    drop_empty_folders,
    drop_participant,
)
from realtime.study.participants import NAME as PARTICIPANTS
from realtime.study.participants import Participants, read_participants
from realtime.study.study import ARCHIVE, participant_by_path

_NOT_REMOVED = (
    "not removed, because it is not known or not ours: the films themselves, the consent file, "
    "profiles, exported files and reports, networks trained on these sessions, backups"
)


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """What `fleeting forget` removes."""

    study: Path
    participant: str  # "": one session alone
    sessions: tuple[Path, ...]
    has_row: bool  # of participants.tsv


def forget_plan(what: str, study: Path) -> ForgetPlan:
    """What a word on the command line means: a session folder, or else a participant.

    Raises:
        DataError: there is nothing of it, or the study cannot be read.
        RecordingError: a session of it is being recorded.
    """
    folder = Path(what)
    try:
        if folder.is_dir() and is_own_session(folder):
            found = ForgetPlan(study, "", (folder,), has_row=False)
        else:
            found = _of_participant(what, study)
        recorded = next((s for s in found.sessions if is_being_recorded(s)), None)
    except OSError as error:
        raise DataError(f"{study} cannot be read: {error.strerror}") from error
    if recorded is not None:
        raise RecordingError(f"{recorded} is being recorded; end the run first")
    if not found.sessions and not found.has_row:
        raise DataError(f"nothing of {what} is in {study}: no session, no row of {PARTICIPANTS}")
    return found


def forget(found: ForgetPlan, runs: Path) -> None:
    """Remove it and print every path that went.

    Args:
        runs: the folder of training runs, whose caches of crops are looked through.

    Raises:
        DataError, RecordingError: something cannot be read or removed; the same command goes on.
    """
    for session in found.sessions:
        mark_removed(session)
    inside = [s for s in found.sessions if s.is_relative_to(found.study)]
    _say(found.study / ARCHIVE, drop_archive_rows(found.study, inside))
    try:
        for crops in drop_cached_crops(runs, found.sessions):
            _removed(crops)
        for note in drop_batch_notes(found.study, inside):
            _removed(note)
        for session in found.sessions:
            for path in [*remove_session(session), *drop_empty_folders(found.study, session)]:
                _removed(path)
    except OSError as error:
        raise RecordingError(f"{error.filename} cannot be removed: {error.strerror}") from error
    if found.participant:  # last: by it sessions are known whose record names nobody
        _say(found.study / PARTICIPANTS, drop_participant(found.study, found.participant))
    sys.stdout.write(f"{counted(len(found.sessions), 'session')} removed\n{_NOT_REMOVED}\n")


def confirmed(found: ForgetPlan, *, yes: bool) -> bool:
    """Show what goes, and ask on the terminal.

    Raises:
        SettingsError: nobody can be asked.
    """
    whose = f"participant {found.participant}" if found.participant else "one session"
    sys.stdout.write(f"{one_line(whose)}: {counted(len(found.sessions), 'session')}\n")
    for session in found.sessions:
        sys.stdout.write(f"  {one_line(str(session))}\n")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise SettingsError("nothing was removed: without a terminal say --yes")
    return input("remove them for good? [y/N]: ").strip().lower() in ("y", "yes")


def _of_participant(participant: str, study: Path) -> ForgetPlan:
    participants = read_participants(study)
    sessions = tuple(
        session
        for session in own_sessions(study)
        if is_marked(session) or _is_of(session, participant, study, participants)
    )
    return ForgetPlan(study, participant, sessions, participant in participants.rows)


def _is_of(session: Path, participant: str, study: Path, participants: Participants) -> bool:
    try:
        record = json.loads((session / RECORD).read_bytes())
    except ValueError:
        record = {}
    named = record.get("participant") if isinstance(record, dict) else ""
    name = session.relative_to(study).as_posix()
    return (named or participant_by_path(name, participants)) == participant


def _say(table: Path, changed: bool) -> None:
    if changed:
        sys.stdout.write(f"{one_line(str(table))}: rows removed\n")


def _removed(path: Path) -> None:
    sys.stdout.write(f"removed {one_line(str(path))}\n")
