"""How well an action unit fits a movement, with the noise of single frames taken away by means.

The detector's second difference compares three samples; `temporal_filters` compare three means of
them, so that what is left of a camera's noise is smaller (`benchmarks.spotting.evidence`).  The
regions are weighed as in `au_filters`, by the noise of these means.  Called by `candidates`: at the
first stage `EARLY` knows no more of the future than a flag does, at the second `LATE` sees all of
a movement.

Pure: no clock, no thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.motion.quantiles import quantile
from realtime.spotting.au_filters import UnitFilter, UnitFit
from realtime.spotting.channels import FIRST
from realtime.spotting.rolling import Rolling
from realtime.spotting.temporal_filters import TemporalFilter
from realtime.spotting.timeline import Timeline, steps

Array = NDArray[np.float64]

_MEMORY_S = 20.0  # a longer one than the detector's: means vary less
_NEAR = 3  # samples: the mean's peak may lie so far from the candidate
_USUAL_S = (3.0, 0.45)  # before a candidate: what this face usually does


@dataclass(frozen=True, slots=True)
class MeanEvidence:
    fit: UnitFit
    pattern: int  # of the better half of the face
    weights: Array  # (31, 2) filter of the pattern, of unit noise
    # Of the upper and of the lower face, in the time before: the 90 % quantile, and the largest.
    usual_t: tuple[float, float]
    most_usual_t: tuple[float, float]


class MeanFilter:
    """One temporal filter over one face.  `learn` from every sample of the grid, in order."""

    def __init__(self, temporal: TemporalFilter, noise_px: Array | None = None) -> None:
        self._temporal = temporal
        # row k holds the filter's weights from column k on: several pulses are one product
        count, weights = 2 * _NEAR + 1, temporal.weights
        self._band = np.zeros((count, len(weights) + count - 1))
        for k in range(count):
            self._band[k, k : k + len(weights)] = weights
        self._units = UnitFilter(noise_px, _MEMORY_S)
        self.reset()

    def reset(self) -> None:
        """Forget this face's noise, and what it usually does."""
        self._units.reset()
        self._best_t = Rolling(2, steps(4.0))
        self._first: int | None = None  # grid sample of the first row of _best_t

    def learn(self, timeline: Timeline, newest: int) -> None:
        at = newest - self._temporal.ahead
        if at - self._temporal.back < timeline.oldest:
            return
        if self._first is None:
            self._first = at
        self._best_t.append()[:] = self._units.score(self._pulses(timeline, at, at)[0])

    def evidence(self, timeline: Timeline, at: int) -> MeanEvidence:
        """Of the best fit near grid sample `at`, as far as the samples that are known allow."""
        last = min(at + _NEAR, timeline.count - 1 - self._temporal.ahead)
        first = max(min(at - _NEAR, last), timeline.oldest + self._temporal.back)
        pulses = self._pulses(timeline, first, last)
        best = self._units.fit(pulses[int(np.argmax(self._units.largest_z(pulses)))])
        pattern = max(best.upper, best.lower, key=lambda match: match.z).pattern
        usual = self._usual(at)
        return MeanEvidence(
            best,
            pattern,
            self._units.weights(pattern),
            (quantile(usual[:, 0].copy(), 0.9), quantile(usual[:, 1].copy(), 0.9)),
            (float(usual[:, 0].max()), float(usual[:, 1].max())),
        )

    def _usual(self, at: int) -> Array:
        before, until = (at - (self._first or 0) - steps(s) for s in _USUAL_S)
        rows = self._best_t.span(before, until)
        return rows if len(rows) else np.zeros((1, 2))

    def _pulses(self, timeline: Timeline, first: int, last: int) -> Array:
        """(n, 62) at grid samples first..last, at most as many as `_NEAR` asks for."""
        span = timeline.span(first - self._temporal.back, last + self._temporal.ahead)
        pulses: Array = self._band[: last - first + 1, : len(span)] @ span[:, :FIRST]
        return pulses
