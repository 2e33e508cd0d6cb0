"""Onset, apex and offset of a candidate, from the regions that moved.

The displacement is projected on the candidate's own direction, y(t) = Σ w·e(t), scaled to unit
noise.  The apex is where two half parabolas meet that are fitted to y while it rises and while it
falls: a movement is flat at its peak, and the largest sample lies wherever the noise is largest.
Onset and offset come from the half-height crossings, doubled: a raised-cosine pulse crosses half of
its height at half of its rise.  Crossings lie far above the noise, the ends of the pulse do not.
An extrapolated offset is known before the movement is over.

Pure; durations in seconds, times in nanoseconds on the timeline's clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import CROP_IOD
from realtime.limits import Limits
from realtime.motion.regions import AU_REGION, REGIONS
from realtime.spotting.onset import Candidate
from realtime.spotting.timeline import GRID_HZ, Timeline, steps

Array = NDArray[np.float64]
_N = len(REGIONS)
_SLOPES = 0.35  # of the height: below it a movement no longer bends downwards
_FINE = 0.25  # of a sample


@dataclass(frozen=True, slots=True)
class ApexConfig:
    search_s: Annotated[
        float, Limits("largest distance of the apex from the score's maximum, s", 0.02, 0.5)
    ] = 0.1
    base_s: Annotated[
        float, Limits("time before the apex in which the face was at rest, s", 0.1, 2)
    ] = 0.42
    # Half-height crossings place the onset too late.
    lead_s: Annotated[float, Limits("correction of the onset, s", 0, 0.2)] = 0.02


@dataclass(frozen=True, slots=True)
class Pulse:
    """One movement: its rise and, if that is known already, its fall."""

    onset_ns: int
    apex_ns: int
    offset_ns: int
    rise_s: float
    fall_s: float  # inf: half of the height has not been lost yet
    peak_sigma: float  # height of the projection over its base
    amplitude_iod: float  # largest displacement of a region, share of the IOD
    rest_after: float  # lowest level after the apex as a share of the height; 0 is back at rest
    regions: tuple[float, ...]  # share of the movement in AU regions 1..6, sum 1
    moved_iod: Array  # (31, 2) displacement from the base to the apex, share of the IOD

    @property
    def duration_s(self) -> float:
        return (self.offset_ns - self.onset_ns) / 1e9


def measure_pulse(
    timeline: Timeline, candidate: Candidate, config: ApexConfig | None = None
) -> Pulse | None:
    """The pulse around a candidate, with all that is known by now; None if there is no rise."""
    config = config or ApexConfig()
    centre = candidate.index
    first = max(centre - steps(0.6), timeline.oldest)
    span = timeline.span(first, centre + steps(0.6))
    level = project(span, candidate.weights)
    reach = steps(config.search_s)
    apex, base, top, height, half, fifth, down = _course(
        level, centre - first - reach, centre - first + reach, steps(config.base_s)
    )
    if height <= 0:
        return None
    rise_s = min(2.0 * half, 1.2 * fifth) / GRID_HZ
    fall_s = 2.0 * (down - top) / GRID_HZ

    moved = (span[apex, : 2 * _N] - span[base, : 2 * _N]).reshape(_N, 2)
    size = np.hypot(moved[:, 0], moved[:, 1])
    onset = top - (rise_s + config.lead_s) * GRID_HZ
    known_fall_s = fall_s if math.isfinite(fall_s) else (len(level) - 1 - top) / GRID_HZ
    return Pulse(
        timeline.time_ns(first + onset),
        timeline.time_ns(first + top),
        timeline.time_ns(first + top + known_fall_s * GRID_HZ),
        rise_s,
        fall_s,
        height,
        float(size[candidate.moving].max()) / CROP_IOD,
        float(level[apex:].min()),
        tuple(_region_shares(size, candidate.noise_px, AU_REGION).tolist()),
        moved / CROP_IOD,
    )


@numba.njit(nogil=True, cache=True)
def project(span, weights):  # type: ignore[no-untyped-def]
    """(n,) displacements, first in the samples (n, 62 or more), along weights (31, 2)."""
    along = np.zeros(len(span))
    for i in range(len(span)):
        for r in range(len(weights)):
            along[i] += span[i, 2 * r] * weights[r, 0] + span[i, 2 * r + 1] * weights[r, 1]
    return along


@numba.njit(nogil=True, cache=True)
def _course(y, low, high, base_steps):  # type: ignore[no-untyped-def]
    """Where the projection y (n,) peaks within low..high, and how it rises and falls.

    Turns y into its level, 0 at the base and 1 at the apex.  Returns apex and base as samples, the
    peak between samples, its height (0: there is no rise) and, in samples, the way up from a half
    and from a fifth of it; last the place where half of it is lost, inf if that is not known.
    """
    low, high = max(low, 1), min(high, len(y) - 2)
    if high < low:
        return 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0
    apex = low + np.argmax(y[low : high + 1])
    back = max(apex - base_steps, 0)
    base = back + np.argmin(y[back : apex + 1])
    height = y[apex] - y[base]
    if height <= 0:
        return apex, base, 0.0, 0.0, 0.0, 0.0, 0.0
    rest = y[base]
    for i in range(len(y)):
        y[i] = (y[i] - rest) / height
    top = _summit(y, apex, low, high)
    half = top - _crossing(y, apex, -1, 0.5)
    fifth = top - _crossing(y, apex, -1, 0.2)
    down = _crossing(y, apex, 1, 0.5)
    return apex, base, top, height, half, fifth, down


@numba.njit(nogil=True, cache=True)
def _summit(level, apex, low, high):  # type: ignore[no-untyped-def]
    """Place within low..high of the peak around the highest sample.

    Least squares of level(t) = c - a·(t - peak)² before the peak and c - b·(t - peak)² after it,
    over the samples above `_SLOPES`; the highest sample itself if there are too few.
    """
    first, last = apex, apex
    while first > 0 and level[first - 1] > _SLOPES:
        first -= 1
    while last < len(level) - 1 and level[last + 1] > _SLOPES:
        last += 1
    best, summit = np.inf, float(apex)
    peak = float(max(first + 2, low))
    while peak <= min(last - 2, high):
        n = last - first + 1
        sum_y = sum_yy = 0.0
        a2 = a4 = a_y = b2 = b4 = b_y = 0.0
        for i in range(first, last + 1):
            y, square = level[i], (i - peak) ** 2
            sum_y += y
            sum_yy += y * y
            if i < peak:
                a2 += square
                a4 += square * square
                a_y += square * y
            else:
                b2 += square
                b4 += square * square
                b_y += square * y
        c = (sum_y - a2 * a_y / a4 - b2 * b_y / b4) / (n - a2 * a2 / a4 - b2 * b2 / b4)
        a, b = (a_y - c * a2) / a4, (b_y - c * b2) / b4
        error = sum_yy - c * sum_y - a * a_y - b * b_y
        if a < 0 and b < 0 and error < best:
            best, summit = error, peak
        peak += _FINE
    return summit


@numba.njit(nogil=True, cache=True)
def _crossing(level, apex, way, height):  # type: ignore[no-untyped-def]
    """Place where the level first is `height` going from the apex by `way`, 1 or -1.

    If it never is: 0 before the apex, inf after it.
    """
    k = apex
    while 0 <= k < len(level):
        if level[k] <= height:
            above, under = level[k - way], level[k]
            return k - way + way * (above - height) / max(above - under, 1e-12)
        k += way
    return 0.0 if way < 0 else np.inf


@numba.njit(nogil=True, cache=True)
def _region_shares(size, noise, au_region):  # type: ignore[no-untyped-def]
    """(6,) share of each AU region in the movement (31,), by its two strongest patches."""
    first, second = np.zeros(6), np.zeros(6)
    for i in range(len(size)):
        r = au_region[i] - 1
        sigma = size[i] / np.hypot(noise[i, 0], noise[i, 1])
        if sigma > first[r]:
            first[r], second[r] = sigma, first[r]
        elif sigma > second[r]:
            second[r] = sigma
    total = 0.0
    for r in range(6):
        total += (first[r] + second[r]) / 2
    for r in range(6):
        first[r] = (first[r] + second[r]) / 2 / max(total, 1e-12)
    return first
