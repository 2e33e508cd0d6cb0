"""An unevenly sampled signal, resampled to an even grid of 60 samples a second.

Cameras deliver 24 to 200 frames a second, with jitter and gaps.  Between frames the signal is
taken as linear; a grid sample is the mean of those lines over 50 ms around it.  All
that follows uses grid samples, so the frame rate changes the resolution of a movement, not which
movements are found.

Pure; times are nanoseconds; a grid sample is known 25 ms after its time.
"""

from __future__ import annotations

from bisect import bisect_right

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.spotting.rolling import Rolling

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
        self._samples = Rolling(channels, steps(keep_s))
        self.start_ns = 0
        self._t: list[int] = []  # frame times still needed
        self._x: list[Array] = []
        self._area: list[Array] = []  # integral of the signal from the first frame to each

    @property
    def count(self) -> int:
        return self._samples.count

    def resample(self, t_ns: int, x: Array) -> range:
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
            self._take_mean(self._time_of(self.count))
        horizon = self._time_of(self.count) - HALF_WINDOW_NS
        while len(self._t) > 2 and self._t[1] <= horizon:
            del self._t[0], self._x[0], self._area[0]
        return range(first, self.count)

    def time_ns(self, index: float) -> int:
        """Time of a grid index, which may lie between samples."""
        return self.start_ns + round(index * STEP_NS)

    def span(self, first: int, last: int) -> Array:
        """Known samples first..last, both ends included (n, channels), clipped to what is held."""
        return self._samples.span(first, last)

    @property
    def oldest(self) -> int:
        """Grid index of the oldest sample held."""
        return self._samples.oldest

    def _time_of(self, index: int) -> int:
        return self.start_ns + index * STEP_NS

    def _take_mean(self, t_ns: int) -> None:
        """The sample at a time: the mean of the straight lines over the window around it."""
        i, share_i, seconds_i = self._line_at(t_ns - HALF_WINDOW_NS)
        j, share_j, seconds_j = self._line_at(t_ns + HALF_WINDOW_NS)
        x, area = self._x, self._area
        _mean(
            *(area[i], x[i], x[i + 1], share_i, seconds_i),
            *(area[j], x[j], x[j + 1], share_j, seconds_j),
            *(2 * HALF_WINDOW_NS / 1e9, self._samples.append()),
        )

    def _line_at(self, t_ns: int) -> tuple[int, float, float]:
        """The line between frames that holds a time, how far along it lies, the line's seconds."""
        at = min(max(bisect_right(self._t, t_ns) - 1, 0), len(self._t) - 2)
        span = self._t[at + 1] - self._t[at]
        return at, (t_ns - self._t[at]) / span, span / 1e9


@numba.njit(nogil=True, cache=True)
def _mean(area_i, xi, yi, share_i, seconds_i, area_j, xj, yj, share_j, seconds_j, window_s, mean):  # type: ignore[no-untyped-def]
    """Mean (channels,) between a place on line i and one on line j, written to `mean`.

    Lines go from x to y; the area is the signal's integral up to a line's beginning.
    """
    for c in range(len(mean)):
        here = xi[c] + share_i * (yi[c] - xi[c])
        before = area_i[c] + 0.5 * share_i * seconds_i * (xi[c] + here)
        here = xj[c] + share_j * (yj[c] - xj[c])
        until = area_j[c] + 0.5 * share_j * seconds_j * (xj[c] + here)
        mean[c] = (until - before) / window_s
