"""An unevenly sampled signal, seen on an even grid of 60 samples a second.

Cameras deliver 24 to 200 frames a second, with jitter and gaps.  Between frames the signal is
taken as straight lines; a grid sample is the mean of those lines over 50 ms around it.  All
that follows counts grid samples, so a frame rate changes how finely a movement is seen, not
which movements are found.

Pure numpy; times are nanoseconds; a grid sample is known 25 ms after its time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GRID_HZ = 60
STEP_NS = 1_000_000_000 // GRID_HZ
HALF_WINDOW_NS = 25_000_000

Array = NDArray[np.float64]


def steps(seconds: float) -> int:
    """Grid samples nearest to a duration."""
    return round(seconds * GRID_HZ)


class Timeline:
    """The last `keep_s` seconds of a signal of `channels` values.

    Grid sample i lies at `start_ns + i·STEP_NS`; `count` samples are known so far.
    """

    def __init__(self, channels: int, keep_s: float) -> None:
        self._keep = steps(keep_s)
        self._values = np.zeros((2 * self._keep, channels))
        self._begin = 0  # grid index of the first row of _values
        self.start_ns = 0
        self.count = 0
        self._t: list[int] = []  # frame times still needed
        self._x: list[Array] = []
        self._area: list[Array] = []  # integral of the signal from the first frame to each

    def push(self, t_ns: int, x: Array) -> range:
        """Add one frame's values (channels,); returns the grid samples that became known.

        Raises:
            ValueError: if time does not move forward.
        """
        if not self._t:
            self.start_ns = t_ns + HALF_WINDOW_NS
            self._t, self._x, self._area = [t_ns], [x], [np.zeros_like(x)]
            return range(0)
        if t_ns <= self._t[-1]:
            raise ValueError("time went backwards")
        seconds = (t_ns - self._t[-1]) / 1e9
        self._area.append(self._area[-1] + 0.5 * seconds * (self._x[-1] + x))
        self._t.append(t_ns)
        self._x.append(x)

        first = self.count
        while self._time_of(self.count) + HALF_WINDOW_NS <= t_ns:
            g = self._time_of(self.count)
            area = self._integral(g + HALF_WINDOW_NS) - self._integral(g - HALF_WINDOW_NS)
            self._store(area / (2 * HALF_WINDOW_NS / 1e9))
        horizon = self._time_of(self.count) - HALF_WINDOW_NS
        while len(self._t) > 2 and self._t[1] <= horizon:
            del self._t[0], self._x[0], self._area[0]
        return range(first, self.count)

    def time_ns(self, index: float) -> int:
        """Time of a grid index, which may lie between samples."""
        return self.start_ns + round(index * STEP_NS)

    def span(self, first: int, last: int) -> Array:
        """Known samples first..last, both ends included (n, channels), clipped to what is held."""
        low = max(first, self._begin, 0) - self._begin
        high = min(last, self.count - 1) - self._begin
        return self._values[low : high + 1]

    @property
    def oldest(self) -> int:
        """Grid index of the oldest sample held."""
        return max(self._begin, self.count - self._keep)

    def _time_of(self, index: int) -> int:
        return self.start_ns + index * STEP_NS

    def _integral(self, t_ns: int) -> Array:
        at = int(np.searchsorted(self._t, t_ns, side="right")) - 1
        at = min(max(at, 0), len(self._t) - 2)
        span = self._t[at + 1] - self._t[at]
        share = (t_ns - self._t[at]) / span
        here = self._x[at] + share * (self._x[at + 1] - self._x[at])
        return self._area[at] + 0.5 * share * span / 1e9 * (self._x[at] + here)

    def _store(self, value: Array) -> None:
        row = self.count - self._begin
        if row == len(self._values):  # keep the newer half, without moving rows at every step
            self._values[: self._keep] = self._values[self._keep :]
            self._begin += self._keep
            row -= self._keep
        self._values[row] = value
        self.count += 1
