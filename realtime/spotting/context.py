"""Context of one moment: what face, head and light did, the same for all its candidates.

One movement is found in several streams at once, so this is computed once for about two candidates,
on the even grid of `timeline`; units are those of `signs`, and sigmas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.motion.quantiles import quantile
from realtime.motion.regions import Stream
from realtime.spotting.baseline_activity import oscillation_amplitude
from realtime.spotting.channels import FIRST, Channel, signs
from realtime.spotting.onset import SCORES
from realtime.spotting.timeline import GRID_HZ, Timeline, steps

Array = NDArray[np.float64]

_BUMP = steps(0.14)
_STRIDE = steps(0.1)  # speeds are taken over this long
_WAY = FIRST + np.array([Channel.HEAD_X, Channel.HEAD_Y, Channel.YAW, Channel.PITCH])


@dataclass(frozen=True, slots=True)
class Speed:
    """Largest of the head."""

    place: float  # IOD/s
    turn: float  # rad/s


@dataclass(frozen=True, slots=True)
class Context:
    """Lists have one entry for each `Channel`."""

    at: int  # grid sample of the moment
    now: int  # newest sample known
    low: list[float]  # smallest within 0.2 s
    high: list[float]  # largest
    rest: list[float]  # median of the two seconds before
    bump: list[float]  # second difference
    jaw_activity: float  # standard deviation of the jaw's sign in the two seconds before
    speed: Speed  # within 0.2 s
    speed_usual: Speed  # in the two seconds before
    usual: Array  # (n, SCORES) scores of the three seconds before
    usual_90: tuple[float, float]  # and the 90 % quantile of the upper and the lower units' fit
    usual_most: list[float]  # and the largest of each
    before: list[float]  # largest scores of the second before
    after: list[float]  # largest scores since
    oscillation_px: dict[Stream, float]
    since_renewal_s: float

    def change(self, channel: Channel) -> float:
        """Largest departure from rest within 0.2 s."""
        return max(self.high[channel] - self.rest[channel], self.rest[channel] - self.low[channel])

    def range(self, channel: Channel) -> float:
        return self.high[channel] - self.low[channel]


def context(timeline: Timeline, at: int, scores: Array, first_score: int) -> Context:
    """What is known by the newest sample of a timeline with `CHANNELS` channels.

    Args:
        scores: (n, SCORES) scores of grid samples `first_score` and on.
    """
    now = timeline.count - 1
    past = timeline.span(at - steps(2.0), at - steps(0.25))
    near = timeline.span(at - steps(0.2), min(at + steps(0.2), now))
    past = past if len(past) else near[:1]
    low, high, rest = _range_and_rest(near, past, FIRST)
    usual = _rows(scores, first_score, at - steps(3.0), at - steps(0.4))
    usual = usual if len(usual) else np.zeros((1, SCORES))
    before = _rows(scores, first_score, at - steps(1.2), at - steps(0.35))
    after = _rows(scores, first_score, at + steps(0.2), now)
    renewed = np.flatnonzero(signs(timeline, at - steps(1.0), now)[:, Channel.RENEWED])
    return Context(
        at,
        now,
        low.tolist(),
        high.tolist(),
        rest.tolist(),
        _bump(timeline, at, now).tolist(),
        float(past[:, FIRST + Channel.JAW].std()),
        Speed(*_speed(near, _STRIDE, _WAY, GRID_HZ / _STRIDE)),
        Speed(*_speed(past, _STRIDE, _WAY, GRID_HZ / _STRIDE)),
        usual,
        (quantile(usual[:, -2].copy(), 0.9), quantile(usual[:, -1].copy(), 0.9)),
        usual.max(axis=0).tolist(),
        before.max(axis=0).tolist() if len(before) else [0.0] * SCORES,
        after.max(axis=0).tolist() if len(after) else [0.0] * SCORES,
        oscillation_amplitude(timeline, at - steps(0.25)),
        float(np.abs(renewed - steps(1.0)).min()) / GRID_HZ if len(renewed) else 1.0,
    )


def _bump(timeline: Timeline, at: int, now: int) -> Array:
    """|second difference| of every sign around a sample, (len(Channel),)."""
    x = signs(timeline, at - _BUMP, min(at + _BUMP, now))
    if len(x) < 3:
        return np.zeros(x.shape[1])
    middle = min(_BUMP, len(x) - 2)
    return np.asarray(np.abs(x[middle] - 0.5 * (x[0] + x[-1])), np.float64)


def _rows(scores: Array, first: int, low: int, high: int) -> Array:
    return scores[max(low - first, 0) : max(high - first + 1, 0)]


@numba.njit(nogil=True, cache=True)
def _range_and_rest(near, past, first):  # type: ignore[no-untyped-def]
    """Smallest and largest near values and past median of the channels from `first`."""
    n = near.shape[1] - first
    low, high, rest = np.empty(n), np.empty(n), np.empty(n)
    course = np.empty(len(past))
    for c in range(n):
        low[c], high[c] = np.inf, -np.inf
        for i in range(len(near)):
            low[c] = min(low[c], near[i, first + c])
            high[c] = max(high[c], near[i, first + c])
        for i in range(len(past)):
            course[i] = past[i, first + c]
        rest[c] = quantile(course, 0.5)
    return low, high, rest


@numba.njit(nogil=True, cache=True)
def _speed(span, stride, way, rate):  # type: ignore[no-untyped-def]
    """Largest change over a stride in samples (n, channels), times a rate.

    In the first two and in the last two of the channels `way` (4,).
    """
    place = turn = 0.0
    x, y, yaw, pitch = way
    for i in range(len(span) - stride):
        one, other = span[i], span[i + stride]
        place = max(place, np.hypot(other[x] - one[x], other[y] - one[y]))
        turn = max(turn, np.hypot(other[yaw] - one[yaw], other[pitch] - one[pitch]))
    return place * rate, turn * rate
