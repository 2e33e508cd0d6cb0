"""Whether the whole program was stopped: by Ctrl-Z, by a debugger, or with a computer that slept.

Several threads look at the clock, one of them every 50 ms.  When none has for a second, none of
them ran, and the source is not to blame for it.  What it sent meanwhile waits in buffers and is
read at once: a second of movement would last a tenth.  Such frames are known by not being waited
for.  A busy machine makes single waits long that had ended; hence the mean of some.

Pure but for the clock; used by `CaptureState`.  Times are monotonic nanoseconds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

STOPPED_S = 1.0  # a busy machine halts every thread for less, but for the compiling of kernels
_WAITS = 3  # frames
_WAITED = 0.5  # of the usual interval between frames: what a reader waits for that keeps up
_DRAINED_S = 2.0  # by then the buffers of a system are read; a machine too slow never waits


def clock_with_sleep_ns() -> int:
    """A clock that never goes back and counts the time in which the computer sleeps."""
    return time.clock_gettime_ns(_CLOCK) if _CLOCK is not None else time.monotonic_ns()


# Linux: CLOCK_MONOTONIC stands still in a sleeping computer; macOS: only `time.monotonic` does.
_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class Suspension:
    """Looked at by every thread that reads or judges a live source; under the caller's lock."""

    def __init__(self, clock: Callable[[], int] = clock_with_sleep_ns) -> None:
        self._clock = clock
        self._looked_ns: int | None = None  # on `clock`
        self._over_ns: int | None = None  # when the newest stop ended; None: its frames are through
        self._waits: deque[int] = deque(maxlen=_WAITS)

    def look(self, now_ns: int) -> float | None:
        """Seconds for which the program was stopped, told once; None if it was not."""
        clock_ns = self._clock()
        before_ns, self._looked_ns = self._looked_ns, clock_ns
        stopped_s = 0.0 if before_ns is None else (clock_ns - before_ns) / 1e9
        if stopped_s <= STOPPED_S:
            return None
        self._over_ns = now_ns
        self._waits.clear()
        return stopped_s

    def is_stale(self, now_ns: int, waited_ns: int | None, fps: float) -> bool:
        """Whether a frame that was read now had come while the program was stopped.

        Args:
            waited_ns: how long it was waited for; None: not known.
            fps: of the source, before the stop.
        """
        if self._over_ns is None:
            return False
        since_ns = now_ns - self._over_ns
        # a wait that began before the stop says nothing
        self._waits.append(waited_ns if waited_ns is not None and waited_ns <= since_ns else 0)
        kept_up = fps * sum(self._waits) >= _WAITED * _WAITS * 1e9 and len(self._waits) == _WAITS
        if waited_ns is None or kept_up or since_ns > _DRAINED_S * 1e9:
            self._over_ns = None
            return False
        return True
