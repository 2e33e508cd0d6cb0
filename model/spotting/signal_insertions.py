"""Movements added to a series at known times: micro-expressions, and what resembles them.

Called by the verifier's training and by the benchmarks.  A movement is a pattern of the 31
regions times a course over time, sampled where the frames are: what a low frame rate hides of it
is hidden here too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.spotting.movement_patterns import PatternBank
from model.spotting.series import FaceSeries, mirror_displacement
from model.synthetic.random_draws import log_uniform
from realtime.face.geometry import CROP_IOD
from realtime.face.time_course import raised_cosine
from realtime.motion.regions import REGIONS, Stream
from realtime.spotting.channels import FIRST

Array = NDArray[np.float64]

FIRST_S = 2.1  # no apex before: the noise is learned until then
LAST_S = 0.7  # nor so near the end: the second stage needs what follows
RISE_S = (0.06, 0.30)
FALL_S = (0.08, 0.34)
LONGEST_S = 0.5
PEAK_IOD = (0.008, 0.065)  # longest displacement, share of the IOD
PER_MIN = (8.0, 90.0)  # how densely movements follow each other; every series has its own density
APART_S = 0.75  # between two apexes at least, besides what the density asks for
_MICRO, _SLOW = 0.86, 0.10  # shares of movements; the rest are beats of speech
_SPREAD = (0.75, 1.45)  # how much of the face moves with the largest point, against the pattern
_UNEVEN = 0.15  # standard deviation of a region's share, log
_MIXED = 0.1  # share of movements that another one goes with
UPPER_FROM = 0.7  # share of the motion from which a movement counts as one half's
_UPPER = np.repeat([r.stream in (Stream.BROWS, Stream.LIDS, Stream.EYES) for r in REGIONS], 2)


@dataclass(frozen=True, slots=True)
class SignalMovement:
    """One micro-expression in a series; seconds on the series' own clock."""

    onset_s: float
    apex_s: float
    offset_s: float
    peak_iod: float
    model: str  # of `PatternBank`
    upper: float  # share of the motion that is the upper face's, [0, 1]


def draw_pattern(rng: np.random.Generator, bank: PatternBank) -> tuple[str, Array]:
    """(model, displacement (62,) as a share of the largest point's): one person's own way."""
    model, pattern = bank.draw(rng)
    if rng.random() < _MIXED:
        pattern = pattern * rng.uniform(0.6, 1.0) + bank.draw(rng)[1] * rng.uniform(0.0, 0.6)
    uneven = np.exp(_UNEVEN * rng.normal(size=len(REGIONS))).repeat(2)
    pattern = pattern * uneven * rng.uniform(*_SPREAD)
    return model, mirror_displacement(pattern) if rng.random() < 0.5 else pattern


def upper_share(pattern: Array) -> float:
    """Share of a pattern's energy in brows, lids and eyes."""
    energy = pattern**2
    return float(energy[_UPPER].sum() / max(energy.sum(), 1e-12))


def movement_course(
    t_s: Array, apex_s: float, rise_s: float, fall_s: float, skew: float = 1.0
) -> Array:
    """Strength at each time, 0 at rest and 1 at the apex; a `skew` over 1 steepens the flanks."""
    rise = np.clip(1 + (t_s - apex_s) / rise_s, 0, 1)
    fall = np.clip(1 - (t_s - apex_s) / fall_s, 0, 1)
    return raised_cosine(rise**skew, fall**skew)


def add_movements(
    rng: np.random.Generator,
    series: FaceSeries,
    bank: PatternBank,
    *,
    peak_iod: tuple[float, float] = PEAK_IOD,
    per_min: tuple[float, float] = PER_MIN,
) -> tuple[FaceSeries, tuple[SignalMovement, ...]]:
    """A series with micro-expressions in it, and with slow movements and beats of speech.

    The latter two are made of the same patterns: what tells them apart is their time course.
    """
    t_s, apart_s = series.t_s, 60 / log_uniform(rng, *per_min)
    moved = series.rows[:, :FIRST].astype(np.float64)
    added: list[SignalMovement] = []
    at = t_s[0] + FIRST_S + rng.exponential(apart_s)
    while at < t_s[-1] - LAST_S:
        model, pattern = draw_pattern(rng, bank)
        kind = rng.random()
        if kind < _MICRO:
            rise, fall = _micro_times(rng)
            peak = log_uniform(rng, *peak_iod)
            course = movement_course(t_s, at, rise, fall, float(np.exp(rng.normal(0, 0.2))))
            added.append(
                SignalMovement(at - rise, at, at + fall, peak, model, upper_share(pattern))
            )
        elif kind < _MICRO + _SLOW:
            peak, course = log_uniform(rng, 0.01, 0.15), _slow(rng, t_s, at)
        else:
            peak = log_uniform(rng, 0.008, 0.05)
            course, at = _beats(rng, t_s, at)
        moved += course[:, None] * (peak * CROP_IOD * pattern)
        at += APART_S + rng.exponential(apart_s)
    rows = series.rows.copy()
    rows[:, :FIRST] = moved
    return replace(series, rows=rows), tuple(added)


def _micro_times(rng: np.random.Generator) -> tuple[float, float]:
    rise = float(rng.uniform(*RISE_S))
    return rise, max(min(float(rng.uniform(*FALL_S)), LONGEST_S - rise), RISE_S[0])


def _slow(rng: np.random.Generator, t_s: Array, at: float) -> Array:
    """An ordinary expression: up in some tenths of a second, down later or not at all."""
    rise, fall = float(rng.uniform(0.2, 0.7)), float(rng.uniform(0.5, 2.5))
    stays = rng.random() < 0.4
    return movement_course(t_s, at, rise, 1e9 if stays else fall)


def _beats(rng: np.random.Generator, t_s: Array, at: float) -> tuple[Array, float]:
    """(course, time of the last): the same movement again and again, as in speech."""
    period, course = float(rng.uniform(0.16, 0.4)), np.zeros(len(t_s))
    count = int(rng.integers(3, 8))
    for k in range(count):
        beat = movement_course(
            t_s, at + k * period * float(rng.uniform(0.9, 1.1)), period / 2, period / 2
        )
        course += beat * rng.uniform(0.4, 1.0)
    return course, at + count * period
