"""Which sessions are due to go, and why: a plan, nothing is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path

from realtime.errors import DataError
from realtime.recording.own_sessions import foreign_files, own_sessions
from realtime.recording.removal import contents, is_marked
from realtime.recording.session_folder import RECORD
from realtime.recording.session_lock import is_being_recorded
from realtime.recording.session_record import SessionRecord
from realtime.retention.retention_limits import RetentionLimits

_DAY_S = 86_400
_GB = 1e9


class DueReason(Enum):
    """Why a session goes."""

    BEGUN = "its removal was interrupted"
    CONSENT = "its consent has run out"
    OLD = "it is older than keep_days"
    SIZE = "all sessions together are larger than max_gb"


@dataclass(frozen=True, slots=True)
class DueSession:
    folder: Path
    size_bytes: int
    reason: DueReason


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    due: tuple[DueSession, ...]
    left: tuple[str, ...]  # what would be due and stays, a sentence each


@dataclass(frozen=True, slots=True)
class _Known:
    folder: Path
    size_bytes: int
    ended_s: float
    until: date | None


def plan(output: Path, limits: RetentionLimits, now_s: float) -> RetentionPlan:
    """What the limits remove of an output folder.

    A session that is being recorded stays, and so does one that holds files of somebody else.

    Args:
        now_s: seconds since 1970.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        folders = list(own_sessions(output))
        begun = [f for f in folders if is_marked(f)]
        known = [_known(f) for f in folders if f not in begun]
        chosen = [(_bare(f), DueReason.BEGUN) for f in begun] + _chosen(known, limits, now_s)
        return _without_those_that_stay(chosen)
    except OSError as error:
        raise DataError(f"{output} cannot be read: {error.strerror}") from error


def _chosen(
    known: Sequence[_Known], limits: RetentionLimits, now_s: float
) -> list[tuple[_Known, DueReason]]:
    today = datetime.fromtimestamp(now_s).date()
    chosen: list[tuple[_Known, DueReason]] = []
    kept = []
    for one in sorted(known, key=lambda session: session.ended_s):
        if one.until is not None and today > one.until:
            chosen.append((one, DueReason.CONSENT))
        elif limits.keep_days is not None and now_s - one.ended_s > limits.keep_days * _DAY_S:
            chosen.append((one, DueReason.OLD))
        else:
            kept.append(one)
    total = sum(one.size_bytes for one in kept)
    for one in kept:  # the oldest first
        if limits.max_gb is None or total <= limits.max_gb * _GB:
            break
        chosen.append((one, DueReason.SIZE))
        total -= one.size_bytes
    return chosen


def _without_those_that_stay(chosen: Sequence[tuple[_Known, DueReason]]) -> RetentionPlan:
    due, left = [], []
    for one, reason in chosen:
        if is_being_recorded(one.folder):
            left.append(f"{one.folder.name} is being recorded")
            continue
        foreign = [] if reason is DueReason.BEGUN else foreign_files(one.folder)
        if foreign:
            name = foreign[0].relative_to(one.folder)
            left.append(f"{one.folder.name} holds {name}, which is not ours: it stays")
            continue
        due.append(DueSession(one.folder, one.size_bytes, reason))
    return RetentionPlan(tuple(due), tuple(left))


def _known(folder: Path) -> _Known:
    size = _size(folder)
    try:
        record = SessionRecord.from_json((folder / RECORD).read_bytes())
    except DataError:  # of another version: by its file
        return _Known(folder, size, (folder / RECORD).stat().st_mtime, None)
    ended_s = record.clock.wall_s if record.ended is None else record.ended.wall_s
    return _Known(folder, size, ended_s, None if record.consent is None else record.consent.until)


def _bare(folder: Path) -> _Known:
    return _Known(folder, _size(folder), 0.0, None)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in contents(folder))
