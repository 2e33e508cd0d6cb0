"""A session folder is removed for good: to forget a person, or because its time is up.

A mark in the folder goes first and stays to the last, so that a removal that was interrupted is
known and goes on.  Nothing is followed through a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from realtime.atomic_file import sync_folder, whole_file
from realtime.errors import RecordingError, recording_error

MARK = "forgotten"  # an empty file: this session is being removed


def mark_removed(folder: Path) -> None:
    """Note that a session is to go, whatever happens to this program.

    Raises:
        RecordingError: it cannot be noted.
    """
    try:
        if not is_marked(folder):
            with whole_file(folder / MARK, private=True):
                pass
    except OSError as error:
        raise recording_error(error, str(folder / MARK)) from error


def is_marked(folder: Path) -> bool:
    """Whether its removal has begun."""
    return (folder / MARK).is_file()


def remove_session(folder: Path) -> list[Path]:
    """Remove a session folder and all that lies in it.

    Returns:
        What was removed, files and folders, inside before outside.

    Raises:
        RecordingError: something cannot be removed; the same call goes on.
    """
    if folder.is_symlink() or not folder.is_dir():
        return []  # somebody else has removed or replaced it
    mark_removed(folder)
    removed = []
    try:
        for path in contents(folder):
            if path != folder / MARK:
                _remove(path)
                removed.append(path)
        (folder / MARK).unlink()
        folder.rmdir()
        sync_folder(folder.parent)
    except OSError as error:
        raise RecordingError(f"{folder} cannot be removed: {error}") from error
    return [*removed, folder]


def remove_tree(folder: Path) -> None:
    """Remove a folder of ours with all that lies in it.

    Raises:
        OSError: something cannot be removed.
    """
    for path in contents(folder):
        _remove(path)
    folder.rmdir()


def contents(folder: Path) -> Iterator[Path]:
    """Everything below a folder, what lies inside a folder before the folder; links as they are."""
    for entry in sorted(folder.iterdir()):
        if stat.S_ISDIR(entry.lstat().st_mode):
            yield from contents(entry)
        yield entry


def _remove(path: Path) -> None:
    if stat.S_ISDIR(path.lstat().st_mode):
        os.rmdir(path)
    else:
        os.unlink(path)
