"""What memory the program holds: none of it goes to a core file, freed memory does not stay with
the program (glibc alone), and no library is loaded that nothing calls.

Frames of a large picture are made and dropped by several threads.  glibc then keeps an arena for
each, and raises the size from which memory goes back to the system at once to that of a frame, so
that the program holds twice what it uses.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from importlib import import_module

if sys.platform != "win32":
    import resource

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1  # of mallopt(3)
_ARENAS = 2
_LARGE_BYTES = 4_000_000  # larger than a frame of 1280x720: such frames stay cheap to make
_TRIM_BYTES = 16_000_000
_BLAS = "scipy.linalg.cython_blas"


def forbid_core_dumps() -> None:
    """A core file would hold faces.  Processes that are begun afterwards have none either."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_held_memory() -> None:
    """Call before the threads are begun."""
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # another C library
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        library.mallopt(_TRIM_THRESHOLD, _TRIM_BYTES)


def load_without_blas() -> None:
    """Load numba's array functions without SciPy's linear algebra, which no kernel here calls.

    numba looks for it once, when it loads its first kernel; importing it costs a start 0.1 s and
    18 MB.  A kernel that does call it still finds it: it is looked for again then.  Call before
    the first kernel is loaded; later it changes nothing.
    """
    if _BLAS in sys.modules:
        return
    sys.modules[_BLAS] = None  # type: ignore[assignment]  # Python's own mark: not to be imported
    try:
        import_module("numba.np.arraymath")
    finally:
        del sys.modules[_BLAS]
