"""Onset, apex and offset of a candidate, from the regions that answered.

The displacement is projected on the candidate's own direction, y(t) = Σ w·e(t), scaled to unit
noise.  The apex is the peak of y; onset and offset come from the half-height crossings, doubled:
for a raised-cosine pulse the half of the height is crossed at half of the rise.  Crossings lie
far above the noise, feet do not.  An extrapolated offset is known before the movement is over.

Pure; durations in seconds, times in nanoseconds on the timeline's clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import CROP_IOD
from realtime.onset import Candidate
from realtime.regions import AU_REGION, REGIONS
from realtime.timeline import GRID_HZ, Timeline, steps

Array = NDArray[np.float64]
_N = len(REGIONS)


@dataclass(frozen=True, slots=True)
class ApexConfig:
    search_s: float = 0.1  # the peak lies this near to the score's maximum
    base_s: float = 0.42  # and the face was at rest within this long before
    lead_s: float = 0.02  # half-height crossings place the onset this much too late


@dataclass(frozen=True, slots=True)
class Pulse:
    """One movement: up and, if it is there already, down again."""

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
    """Where the projection y (n,) peaks within low..high, and how it gets there and away.

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
    top = apex + _vertex(y, apex)
    rest = y[base]
    for i in range(len(y)):
        y[i] = (y[i] - rest) / height
    half = top - _crossing(y, apex, -1, 0.5)
    fifth = top - _crossing(y, apex, -1, 0.2)
    down = _crossing(y, apex, 1, 0.5)
    return apex, base, top, height, half, fifth, down


@numba.njit(nogil=True, cache=True)
def _vertex(y, i):  # type: ignore[no-untyped-def]
    """Sub-sample offset of the peak of the parabola through y[i-1..i+1], within ±0.5."""
    curve = y[i - 1] - 2 * y[i] + y[i + 1]
    if curve >= 0:
        return 0.0
    return min(max(0.5 * (y[i - 1] - y[i + 1]) / curve, -0.5), 0.5)


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
