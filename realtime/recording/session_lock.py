"""Whether a session is being recorded now: its folder is locked as long as the program runs.

The system releases the lock when the program ends, however it ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def recording_lock(folder: Path) -> Iterator[None]:
    """Hold a session's folder as one that is being recorded."""
    if sys.platform == "win32":
        yield  # files that are open cannot be removed there anyway
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a network drive may have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def is_being_recorded(folder: Path) -> bool:
    """Whether a program records into this session folder now."""
    if sys.platform == "win32":
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
