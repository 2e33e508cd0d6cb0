"""The smallest movement of this face that would be found now.

Some six times a second a movement of known size, of a kind that faces make, is laid into the
numbers of this face's last half second, and the program's own verifier is asked whether its flag
would stand.  From the answers of the last seconds comes the size of which 8 of 10 would be found,
for the upper and for the lower face.  A session without an event then says what it excludes.

The movements are those of the training (`model.spotting.movement_patterns`), so the answers are
somewhat better than what other movements get: a line fitted to people left out corrects that.
Nothing that is laid in stays, and nothing is learned from it.  Pure; its draws have a fixed seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import CROP_IOD
from realtime.face.time_course import raised_cosine
from realtime.spotting.candidates import CandidateFinder, MeasuredCandidate
from realtime.spotting.timeline import GRID_HZ, HALF_WINDOW_NS, steps

Array = NDArray[np.float64]
Half = Literal["upper", "lower"]
HALVES: tuple[Half, ...] = ("upper", "lower")

SHARE = 0.8  # of movements of the size shown that would be found
MOST_IOD = 0.06  # beyond it the face cannot be assessed: micro-expressions are smaller
_EVERY = steps(0.15)  # grid samples between two movements
_MEMORY = 14  # movements of one half that its size rests on, some four seconds
_SLOPE = 0.35  # log size over which the share of the found grows from 0.5 to 0.73
_TOP = 0.97  # share of very large movements that are found
_LEAST_IOD, _LARGEST_IOD = 0.002, 0.15  # of the sizes that are held possible
_SCORES_SIGMA = (2.0, 40.0)  # least and largest score that may be the threshold
_RISE_S, _FALL_S, _LONGEST_S = (0.06, 0.30), (0.08, 0.34), 0.5
_BEFORE_S = 0.36  # of the samples that a movement is laid into before its apex
_APEX_S = 0.22  # the apex lies this long before the newest sample
_FINE = 4  # points a grid sample


@dataclass(frozen=True, slots=True)
class Probes:
    """What is laid in; made by `fleeting train-verifier`, kept in the verifier's file."""

    upper: Array  # (n, 62) displacement as a share of the largest point's
    lower: Array  # (m, 62)
    offset: float  # corrected log size = offset + slope · log size
    slope: float

    def of(self, half: Half) -> Array:
        return self.upper if half == "upper" else self.lower

    def corrected(self, size_iod: float) -> float:
        return math.exp(self.offset + self.slope * math.log(size_iod))


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Smallest size, share of the IOD, of which `SHARE` would be found; NaN: not known yet."""

    upper_iod: float
    lower_iod: float
    # Score, sigmas, above which half of the movements would be flagged; NaN: not known yet.
    upper_sigma: float = math.nan
    lower_sigma: float = math.nan

    @property
    def is_known(self) -> bool:
        return math.isfinite(self.upper_iod) and math.isfinite(self.lower_iod)

    @property
    def best_iod(self) -> float:
        return min(self.upper_iod, self.lower_iod)

    @property
    def is_insufficient(self) -> bool:
        """Whether even in the better half of the face no micro-expression would be found."""
        return self.is_known and self.best_iod > MOST_IOD


UNKNOWN = Sensitivity(math.nan, math.nan)

SIZES_IOD = (0.01, 0.015, 0.02, 0.03, 0.06)  # of which it is told how long they would be found
_LONGEST_S = 0.25  # from one frame to the next; a longer silence is in no sum


class SensitivityTimer:
    """How long movements of each of `SIZES_IOD` would have been found, of the largest face."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._known_s = 0.0
        self._found_s = {half: [0.0] * len(SIZES_IOD) for half in HALVES}

    def note(self, t_s: float, sensitivity: Sensitivity) -> None:
        """One frame's; times ascend.  Of time that cannot be assessed note `UNKNOWN`."""
        step_s = 0.0 if self._last_s is None else t_s - self._last_s
        self._last_s = t_s
        if not sensitivity.is_known or step_s > _LONGEST_S:
            return
        self._known_s += step_s
        for half in HALVES:
            size = sensitivity.upper_iod if half == "upper" else sensitivity.lower_iod
            for k, limit in enumerate(SIZES_IOD):
                if size <= limit:
                    self._found_s[half][k] += step_s

    def shares(self) -> dict[str, dict[str, float]]:
        """By half and by size in per cent of the IOD: share of the time that it is known of."""
        if not self._known_s:
            return {}
        return {
            half: {
                f"{100 * size:g}": round(seconds / self._known_s, 3)
                for size, seconds in zip(SIZES_IOD, self._found_s[half], strict=True)
            }
            for half in HALVES
        }


class _Estimate:
    """What is known of the size at which half of the movements are found: a posterior of its log.

    Answers are forgotten geometrically, so that it follows the face.

    Args:
        least, largest: of the sizes that are held possible.
    """

    def __init__(self, least: float, largest: float) -> None:
        self._sizes = np.linspace(math.log(least), math.log(largest), 64)
        self._log = np.zeros(len(self._sizes))
        self.answers = 0
        self.centre = self._mean()

    def learn(self, log_size: float, found: bool) -> None:
        share = _TOP / (1 + np.exp(-(log_size - self._sizes) / _SLOPE))
        self._log *= 1 - 1 / _MEMORY
        self._log += np.log(share if found else 1 - share)
        self.answers += 1
        self.centre = self._mean()

    def _mean(self) -> float:
        weight = np.exp(self._log - self._log.max())
        return float((weight * self._sizes).sum() / weight.sum())

    def log_size(self, share: float) -> float:
        """Of which this share, below `_TOP`, is found."""
        return self.centre + _SLOPE * math.log(share / (_TOP - share))


class SensitivityMeter:
    """One face."""

    def __init__(self, probes: Probes, seed: int = 0) -> None:
        self._probes, self._seed = probes, seed
        self.reset()

    def reset(self) -> None:
        self._random = np.random.default_rng(self._seed)
        self._estimates = {half: _Estimate(_LEAST_IOD, _LARGEST_IOD) for half in HALVES}
        self._scores = {half: _Estimate(*_SCORES_SIGMA) for half in HALVES}
        self._count = 0
        self._next = 0  # grid sample
        self.value = UNKNOWN  # the newest

    def ask(
        self,
        finder: CandidateFinder,
        period_s: float,
        would_stand: Callable[[MeasuredCandidate], bool],
        *,
        hidden: bool = False,
    ) -> None:
        """Lay a movement in, if it is time for one.

        Args:
            period_s: from frame to frame: a movement is seen as finely as the frames lie.
            would_stand: whether the flag of a candidate of the first stage would stand.
            hidden: the face is covered, or its video too compressed: nothing would be.
        """
        if finder.newest_index < self._next or not finder.is_settled:
            return
        self._next = finder.newest_index + _EVERY
        half = HALVES[self._count % 2]
        self._count += 1
        estimate, random = self._estimates[half], self._random
        shapes = self._probes.of(half)
        shape = shapes[int(random.integers(len(shapes)))]
        log_size = estimate.log_size(float(random.uniform(0.3, 0.9)))
        log_size = min(max(log_size, math.log(_LEAST_IOD)), math.log(_LARGEST_IOD))
        course = _course(random, period_s)
        added = course[:, None] * (math.exp(log_size) * CROP_IOD * shape)
        found, score = False, 0.0
        if not hidden:
            found, score = _standing(finder.would_find(added), would_stand)
        estimate.learn(log_size, found)
        if score > 0:
            self._scores[half].learn(math.log(score), found)
        self.value = self._value()

    @property
    def raw(self) -> Sensitivity:
        """Before the correction."""
        upper, lower = (
            math.exp(e.log_size(SHARE)) if e.answers >= _MEMORY // 2 else math.nan
            for e in self._estimates.values()
        )
        return Sensitivity(upper, lower)

    def _value(self) -> Sensitivity:
        raw = self.raw
        if not raw.is_known:
            return UNKNOWN
        upper, lower = (
            math.exp(e.centre) if e.answers >= _MEMORY // 2 else math.nan
            for e in self._scores.values()
        )
        corrected = self._probes.corrected
        return Sensitivity(corrected(raw.upper_iod), corrected(raw.lower_iod), upper, lower)


def _standing(
    candidates: Generator[MeasuredCandidate], would_stand: Callable[[MeasuredCandidate], bool]
) -> tuple[bool, float]:
    """Whether a flag of any would stand, and the score of the strongest; 0: there is none."""
    score = 0.0
    with closing(candidates):  # puts everything back before the answer is used
        for measured in candidates:
            score = max(score, measured.candidate.strength)
            if would_stand(measured):
                return True, score
    return False, score


def _course(random: np.random.Generator, period_s: float) -> Array:
    """(n,) of the newest grid samples: a movement as frames and grid show it, 1 at most."""
    rise = float(random.uniform(*_RISE_S))
    fall = max(min(float(random.uniform(*_FALL_S)), _LONGEST_S - rise), _RISE_S[0])
    step = 1 / (GRID_HZ * _FINE)
    half = HALF_WINDOW_NS / 1e9
    fine = np.arange(-_BEFORE_S - half, _APEX_S + half, step)
    period_s = period_s or 1 / 30
    frames = np.arange(fine[0] - float(random.uniform(0, period_s)), fine[-1] + period_s, period_s)
    seen = np.interp(fine, frames, raised_cosine(1 + frames / rise, 1 - frames / fall))
    wide = round(2 * half / step)
    mean = np.convolve(seen, np.full(wide, 1 / wide), mode="valid")
    return np.asarray(mean[::_FINE], np.float64)
