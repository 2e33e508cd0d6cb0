"""Rows and cached pictures of sessions that lie outside their folders.

These are the study's participants.tsv, a batch's archive.csv and batch.json, and the aligned crops
that a training run keeps.  What a user named elsewhere is not known here.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from realtime.atomic_file import write_whole
from realtime.errors import DataError
from realtime.study.participants import NAME as PARTICIPANTS
from realtime.study.study import ARCHIVE, MADE_OF

_CROPS = "*/aligned/sessions-*.npz"  # of a training run, below the folder of runs


def drop_participant(study: Path, participant: str) -> bool:
    """Remove a participant's row of participants.tsv; whether there was one.

    Raises:
        DataError, RecordingError: the table cannot be read or written.
    """
    path = study / PARTICIPANTS
    header, *lines = _read(path).splitlines(keepends=True) or [""]
    columns = header.strip("\ufeff\r\n").split("\t")
    if "participant_id" not in columns:
        return False
    place = columns.index("participant_id")
    kept = [line for line in lines if line.rstrip("\r\n").split("\t")[place] != participant]
    if len(kept) == len(lines):
        return False
    write_whole(path, "".join((header, *kept)).encode())
    return True


def drop_archive_rows(study: Path, sessions: Sequence[Path]) -> bool:
    """Remove the rows of these sessions from a batch's table; whether there were any.

    Raises:
        DataError, RecordingError: the table cannot be read or written.
    """
    path = study / ARCHIVE
    names = {session.relative_to(study).as_posix() for session in sessions}
    header, *rows = list(csv.reader(io.StringIO(_read(path), newline=""))) or [[]]
    if "session" not in header:
        return False
    place = header.index("session")
    kept = [row for row in rows if len(row) <= place or row[place] not in names]
    if len(kept) == len(rows):
        return False
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows((header, *kept))
    write_whole(path, text.getvalue().encode("utf-8", "surrogateescape"))
    return True


def drop_batch_notes(study: Path, sessions: Sequence[Path]) -> list[Path]:
    """Remove what a batch noted of a film all of whose sessions go.

    Raises:
        OSError: one cannot be removed.
    """
    removed = []
    for place in sorted({session.parent for session in sessions} - {study}):
        note = place / MADE_OF
        if note.is_file() and {*place.iterdir()} <= {note, *sessions}:
            note.unlink()
            removed.append(note)
    return removed


def drop_empty_folders(study: Path, session: Path) -> list[Path]:
    """Remove the folders that a batch made above a session that is gone, where they are empty.

    Raises:
        OSError: one cannot be removed.
    """
    removed = []
    for place in session.parents:
        if not place.is_relative_to(study) or place == study or any(place.iterdir()):
            break
        place.rmdir()
        removed.append(place)
    return removed


def drop_cached_crops(runs: Path, sessions: Sequence[Path]) -> list[Path]:
    """Remove the caches of aligned crops in which one of these sessions is.

    A cache is made again when it is missing.  One that cannot be read goes too.

    Raises:
        OSError: one cannot be removed.
    """
    names = {session.name for session in sessions}
    removed = []
    for cache in sorted(runs.glob(_CROPS)):
        if names & _sessions_in(cache, names):
            cache.unlink()
            removed.append(cache)
    return removed


def _sessions_in(cache: Path, otherwise: set[str]) -> set[str]:
    try:
        with np.load(cache, allow_pickle=False) as held:
            clips = [str(held[name][1]) for name in held.files if name.endswith(".name")]
            clips += [str(name) for name, _ in held["failed"].tolist()]
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return otherwise
    return {clip.partition("/")[0] for clip in clips}


def _read(path: Path) -> str:
    """The text of a table with its own line ends; "" where there is none."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
