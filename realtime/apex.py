"""Onset, apex and offset of a candidate, from the regions that answered.

The displacement is projected on the candidate's own direction, y(t) = Σ w·e(t), scaled to unit
noise.  The apex is the peak of y; onset and offset come from the half-height crossings, doubled:
for a raised-cosine pulse the half of the height is crossed at half of the rise.  Crossings lie
far above the noise, feet do not.  An extrapolated offset is known before the movement is over.

Pure numpy; durations in seconds, times in nanoseconds on the timeline's clock.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    e = timeline.span(first, centre + steps(0.6))[:, : 2 * _N].reshape(-1, _N, 2)
    y: Array = np.tensordot(e, candidate.weights, axes=2)

    reach = steps(config.search_s)
    low = max(centre - first - reach, 1)
    high = min(centre - first + reach, len(y) - 2)
    if high < low:
        return None
    apex = low + int(np.argmax(y[low : high + 1]))
    back = max(apex - steps(config.base_s), 0)
    base_at = back + int(np.argmin(y[back : apex + 1]))
    base = float(y[base_at])
    height = float(y[apex]) - base
    if height <= 0:
        return None
    top = apex + _vertex(y, apex)
    level = (y - base) / height
    half = top - _crossing(level[apex::-1], 0.5, apex)
    fifth = top - _crossing(level[apex::-1], 0.2, apex)
    rise_s = min(2.0 * half, 1.2 * fifth) / GRID_HZ
    down = _crossing_after(level, apex, 0.5)
    fall_s = float("inf") if down is None else 2.0 * (down - top) / GRID_HZ

    moved = e[apex] - e[base_at]
    size = np.hypot(moved[:, 0], moved[:, 1])
    onset = top - (rise_s + config.lead_s) * GRID_HZ
    known_fall_s = fall_s if np.isfinite(fall_s) else (len(y) - 1 - top) / GRID_HZ
    return Pulse(
        timeline.time_ns(first + onset),
        timeline.time_ns(first + top),
        timeline.time_ns(first + top + known_fall_s * GRID_HZ),
        rise_s,
        fall_s,
        height,
        float(size[candidate.moving].max()) / CROP_IOD,
        float(level[apex:].min()),
        _region_shares(size / np.hypot(*candidate.noise_px.T)),
        moved / CROP_IOD,
    )


def _vertex(y: Array, i: int) -> float:
    """Sub-sample offset of the peak of the parabola through y[i-1..i+1], within ±0.5."""
    curve = y[i - 1] - 2 * y[i] + y[i + 1]
    if curve >= 0:
        return 0.0
    return float(np.clip(0.5 * (y[i - 1] - y[i + 1]) / curve, -0.5, 0.5))


def _crossing(backwards: Array, height: float, apex: int) -> float:
    """Grid position before the apex where the level last was `height`; 0 if it never was."""
    below = np.flatnonzero(backwards <= height)
    if len(below) == 0:
        return 0.0
    k = int(below[0])
    above, under = backwards[k - 1], backwards[k]
    return apex - (k - 1 + float((above - height) / max(above - under, 1e-12)))


def _crossing_after(level: Array, apex: int, height: float) -> float | None:
    below = np.flatnonzero(level[apex:] <= height)
    if len(below) == 0:
        return None
    k = apex + int(below[0])
    above, under = level[k - 1], level[k]
    return k - 1 + float((above - height) / max(above - under, 1e-12))


def _region_shares(sigma: Array) -> tuple[float, ...]:
    """Share of each AU region in the movement, by its two strongest patches."""
    strength = np.zeros(6)
    for r in range(1, 7):
        strength[r - 1] = np.sort(sigma[r == AU_REGION])[-2:].mean()
    return tuple(float(v) for v in strength / max(float(strength.sum()), 1e-12))
