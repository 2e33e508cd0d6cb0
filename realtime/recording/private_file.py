"""Files that are their owner's alone, 0600 whatever the umask: they hold somebody's face.

A link in a file's place is never followed.
"""

from __future__ import annotations

import os
from pathlib import Path

_PRIVATE = os.O_CLOEXEC if hasattr(os, "O_CLOEXEC") else 0
_PRIVATE |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def create_private(path: Path) -> int:
    """Descriptor of a new file, 0600, open for reading and writing.

    Raises:
        OSError: also if anything stands there already, a link included.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _PRIVATE, 0o600)
    if os.name == "posix":
        os.fchmod(descriptor, 0o600)  # a umask may take more than is wanted
    return descriptor


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte or raise; a nearly full disk takes a part and says nothing."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def append_private(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Append in one write to a file that is its owner's alone, made if it is missing.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | _PRIVATE)
    except FileNotFoundError:
        descriptor = create_private(path)
    try:
        before = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, data)
        except OSError:
            os.ftruncate(descriptor, before)
            raise
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
