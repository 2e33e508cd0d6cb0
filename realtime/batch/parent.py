"""A worker of a batch ends when the batch does, however that came about."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

END_WITH_PARENT = "FLEETING_END_WITH_STDIN"  # set for a worker: its input is held by the batch


def watch_parent(end: Callable[[], None]) -> None:
    """Call `end` when the batch that started this process is gone; otherwise do nothing."""
    if os.environ.pop(END_WITH_PARENT, None) is None:
        return

    def watch() -> None:
        # Nothing is written; it ends when the other end is closed.  Not through sys.stdin, whose
        # lock a thread that reads still holds when the interpreter ends.
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        end()

    threading.Thread(target=watch, name="parent", daemon=True).start()
