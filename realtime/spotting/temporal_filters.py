"""Filters in time that tell a rise and return from drift and from the noise of single frames.

    p(t) = mean of e around t − the line between the mean of e before t and the mean after t

is zero for a steady position and for a steady velocity, as the live path's second difference is;
the means take the noise of single frames away.  Measured by `benchmarks.spotting.evidence`.

Pure; durations are samples of the 60 Hz grid of `realtime.spotting.timeline`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TemporalFilter:
    """Three means: `half` samples to either side of t, of `before` before and of `after` after."""

    before: int
    half_before: int
    half: int
    after: int
    half_after: int

    @property
    def back(self) -> int:
        """Samples before t that it needs."""
        return self.before + self.half_before

    @property
    def ahead(self) -> int:
        """Samples after t that it needs."""
        return self.after + self.half_after

    @property
    def weights(self) -> Array:
        """(back + 1 + ahead,) of the samples in order; they sum to 0."""
        weights = np.zeros(self.back + 1 + self.ahead)
        span = self.before + self.after
        for centre, half, share in (
            (0, self.half, 1.0),
            (-self.before, self.half_before, -self.after / span),
            (self.after, self.half_after, -self.before / span),
        ):
            middle = self.back + centre
            weights[middle - half : middle + half + 1] += share / (2 * half + 1)
        return weights

    def pulses(self, course: Array) -> Array:
        """(n - back - ahead, channels) of a course (n, channels); the first is of sample `back`."""
        return np.asarray(sliding_window_view(course, len(self.weights), axis=0) @ self.weights)


# Knows no more of the future than a flag has; the other sees the whole movement.
EARLY = TemporalFilter(before=10, half_before=2, half=2, after=8, half_after=0)
LATE = TemporalFilter(before=12, half_before=3, half=3, after=12, half_after=3)
