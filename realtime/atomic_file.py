"""Files that a reader sees whole: the old one or the new one, never a part.

Whoever keeps something that is written in one go, anywhere in the program, writes it here.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from realtime.errors import recording_error

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_NEW |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file to write into.  It stands at `path`, for good, when the block has ended well.

    Until then, and if the block raises, what stood there stands there; nothing else is left
    behind.  Of several processes that write the same path the last one's stays.  A `private` file
    is 0600 whatever the umask.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(part, _NEW, 0o600 if private else 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if private and os.name == "posix":
                os.fchmod(descriptor, 0o600)  # a umask may take more than is wanted
            yield file
            file.flush()
            os.fsync(descriptor)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    sync_folder(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that a user requested outside a session: a profile, a table, annotations.

    It is its owner's alone, as are the folders that are made for it.

    Raises:
        DiskFull, RecordingError: it cannot be written; what stood there still stands.
    """
    try:
        private_folder(path.parent)
        with whole_file(path, private=True) as file:
            file.write(data)
    except OSError as error:
        raise recording_error(error, str(path)) from error


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner alone.

    Raises:
        OSError: it cannot be made.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder last through a power cut."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
