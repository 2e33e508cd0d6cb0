"""Keeps freed memory from staying with the program: for glibc, elsewhere nothing is done.

Frames of a large picture are made and dropped by several threads.  glibc then keeps an arena for
each, and raises the size from which memory goes back to the system at once to that of a frame, so
that the program holds twice what it uses.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1  # of mallopt(3)
_ARENAS = 2
_LARGE_BYTES = 4_000_000  # larger than a frame of 1280x720: such frames stay cheap to make
_TRIM_BYTES = 16_000_000


def limit_held_memory() -> None:
    """Call before the threads are begun."""
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # another C library
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        library.mallopt(_TRIM_THRESHOLD, _TRIM_BYTES)
