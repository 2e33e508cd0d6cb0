"""Find brief rises and returns of facial motion in a live stream.

The signal is the displacement e of 31 regions.  What is scored is its second difference in time,

    p(t) = e(t) − (e(t − τ) + e(t + τ)) / 2,

which is blind to a steady position, to a steady velocity and to drift, and answers to what goes
up and comes back within a few tenths of a second.  Each region and axis is divided by its own
noise (the median of |p| over the last seconds), so the score counts sigmas of this face, this
camera and this light.  Beside these scores, which ask how much moved, two ask how well the
movement fits an action unit of the upper and of the lower face (`units`).

Pure numpy: no clock, no thread.  All durations are seconds, turned into samples of the 60 Hz
grid of `timeline`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from realtime.regions import MEMBERS, REGIONS, RIGID, Stream
from realtime.timeline import Timeline, steps
from realtime.units import UnitFilter, UnitFit, moving

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_N = len(REGIONS)
_SKULL = np.flatnonzero(RIGID >= 0.6)
EXPRESSIVE = np.array(
    [i for i, r in enumerate(REGIONS) if r.stream not in (Stream.LIDS, Stream.EYES)]
)
# Members of the whole face and of every stream, one row each, filled up with an index behind them.
_ORDER: tuple[Stream | None, ...] = (None, *Stream)  # the scores' first columns
_GROUPS = np.full((1 + len(Stream), len(EXPRESSIVE)), _N)
for _row, _members in enumerate((EXPRESSIVE, *MEMBERS.values())):
    _GROUPS[_row, : len(_members)] = _members
_UPPER, _LOWER = 1 + len(Stream), 2 + len(Stream)  # columns of the scores behind those
SCORES = 3 + len(Stream)  # whole face, streams, fit of the upper and of the lower face's units
_MAD = 1.4826  # median of |x| to standard deviation, for a normal x


@dataclass(frozen=True, slots=True)
class OnsetConfig:
    taus_s: tuple[float, float] = (0.10, 0.14)
    enter_sigma: float = 3.0  # score that makes a candidate
    before_s: float = 0.25  # a candidate is the largest score since this long before
    after_s: float = 0.04  # and until this long after
    noise_s: float = 8.0  # history that the noise is learned from
    learn_s: float = 2.0  # no candidate before this much of it
    recall_s: float = 0.5  # nor before this where a profile has told the noise
    noise_floor_px: float = 0.05
    max_sigma: float = 20.0  # one wild region must not outvote the others
    top: int = 4  # regions whose rms is the score of the whole face
    top_stream: int = 3  # and of one stream
    calm_sigma: float = 2.5  # skull residual that is still ordinary; above it scores are divided


class DetectorState(Enum):
    LEARNING = "learning rest"
    RESTING = "resting"
    RISING = "rising"
    SPEAKING = "speaking: lower face masked"
    EXPRESSION = "ordinary expression"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A local maximum of the score: something rose and came back."""

    stream: Stream | None  # the stream that stands out; None: the face as a whole
    index: int  # grid sample of the maximum
    strength: float  # its score, sigmas
    streams: dict[Stream, float]  # every stream's largest score around it
    weights: Array  # (31, 2) of unit noise: the direction that tells most
    moving: Index  # the regions that make the movement
    sigma: Array  # (31,) each region's own score
    noise_px: Array  # (31, 2) for the τ that answered best
    disturbance_sigma: float  # the skull's own score
    mouth_before: float  # mouth score 1.2 s to 0.4 s before, largest
    mouth_habit: float  # 75 % quantile of the mouth score over 3 s
    fit: UnitFit  # which action unit it looks like, and how much


class OnsetDetector:
    """Scores one face's motion and names the moments worth a closer look.

    Args:
        noise_px: (31, 2) noise of the regions' pulses, where it is known from before.
    """

    def __init__(self, config: OnsetConfig | None = None, noise_px: Array | None = None) -> None:
        self.config = config or OnsetConfig()
        self._known_noise = np.inf if noise_px is None else noise_px
        self._trust = steps(1.0 if noise_px is None else self.config.learn_s)
        self._learn = steps(self.config.learn_s if noise_px is None else self.config.recall_s)
        self._taus = np.array([steps(t) for t in self.config.taus_s])
        self._lag = int(self._taus.max())  # a score is known this many samples late
        self._wait = steps(self.config.after_s)
        self._units = UnitFilter(noise_px)
        self.reset()

    def reset(self) -> None:
        """Forget the noise and the scores: a new face, or a scene that was cut."""
        keep = steps(self.config.noise_s)
        self._pulses = np.zeros((len(self._taus), keep, _N, 2), np.float32)
        self._noise = np.broadcast_to(self._known_noise, (len(self._taus), _N, 2))
        self._units.reset()
        self._scores = np.zeros((steps(4.0), SCORES))
        self._skull = np.zeros(steps(4.0))
        self._first: int | None = None
        self._scored = 0
        self._last_start = -1

    @property
    def state(self) -> DetectorState:
        if self._scored < self._learn:
            return DetectorState.LEARNING
        rising = self._score_at(self._centre)[0] >= self.config.enter_sigma
        return DetectorState.RISING if rising else DetectorState.RESTING

    @property
    def noise_px(self) -> Array:
        """(31, 2) noise of the regions' pulses as learned so far, the mean over τ."""
        return np.asarray(self._noise.mean(axis=0), np.float64)

    def strengths(self) -> tuple[float, ...]:
        """Newest score of every stream, in the order of `Stream`."""
        if self._scored == 0:
            return (0.0,) * len(Stream)
        return tuple(float(v) for v in self._score_at(self._centre)[1:_UPPER])

    def scores(self) -> tuple[Array, int]:
        """(n, SCORES) of the last four seconds, and the grid sample of the first."""
        if self._scored == 0:
            return np.zeros((0, SCORES)), 0
        oldest = self._centre - min(self._scored, len(self._scores)) + 1
        return self._history(oldest, self._centre), oldest

    def update(self, timeline: Timeline, index: int) -> list[Candidate]:
        """Take grid sample `index` of a timeline whose first 62 channels are e (31, 2).

        Samples must come in order.  Returns the candidates that it completes.
        """
        if self._first is None:
            self._first = index
        centre = index - self._lag
        if centre - self._lag < self._first:
            return []
        self._centre = centre
        e = timeline.span(centre - self._lag, index)[:, : 2 * _N].reshape(-1, _N, 2)
        pulses = self._pulses_in(e)
        self._pulses[:, self._scored % self._pulses.shape[1]] = pulses
        best = np.sqrt(((pulses / self._noise) ** 2).sum(axis=2).max(axis=0))
        self._scored += 1
        if self._scored % steps(0.25) == 0 and self._scored >= self._trust:
            self._learn_noise()

        best = np.minimum(best, self.config.max_sigma)
        skull = _rms(best[_SKULL])
        calm = max(1.0, skull / self.config.calm_sigma)
        slot = centre % len(self._scores)
        self._skull[slot] = skull
        strongest = np.sort(np.append(best, 0.0)[_GROUPS], axis=1) ** 2
        scores = self._scores[slot]
        scores[0] = strongest[0, -self.config.top :].mean()
        scores[1:_UPPER] = strongest[1:, -self.config.top_stream :].mean(axis=1)
        scores[:_UPPER] = np.sqrt(scores[:_UPPER]) / calm
        scores[_UPPER:] = self._units.update(pulses[-1])
        if self._scored < self._learn:
            return []
        return self._candidates(timeline, centre - self._wait)

    def _pulses_in(self, e: Array) -> Array:
        """(τ, 31, 2) second difference at the middle of e (2·lag + 1, 31, 2)."""
        return np.asarray(
            e[self._lag] - 0.5 * (e[self._lag - self._taus] + e[self._lag + self._taus]), np.float64
        )

    def _learn_noise(self) -> None:
        known = min(self._scored, self._pulses.shape[1])
        sample = np.abs(self._pulses[:, :known:4])  # neighbours share half of their window
        spread = _MAD * np.median(sample, axis=1)
        self._noise = np.maximum(spread, self.config.noise_floor_px)

    def _candidates(self, timeline: Timeline, index: int) -> list[Candidate]:
        before, after = steps(self.config.before_s), self._wait
        here = self._score_at(index)
        if here.max() < self.config.enter_sigma:  # nearly always
            return []
        window = self._history(index - before, index + after)
        is_peak = (here >= self.config.enter_sigma) & (here >= window.max(axis=0))
        return [self._describe(timeline, index, int(k), window) for k in np.flatnonzero(is_peak)]

    def _describe(self, timeline: Timeline, index: int, score: int, window: Array) -> Candidate:
        """The candidate that column `score` has named."""
        e = timeline.span(index - self._lag, index + self._lag)[:, : 2 * _N].reshape(-1, _N, 2)
        pulses = self._pulses_in(e)
        fit = self._units.fit(pulses[-1])
        pattern = {_UPPER: fit.upper.pattern, _LOWER: fit.lower.pattern}.get(score)
        stream = _ORDER[score] if pattern is None else _main_stream(pattern)
        members = EXPRESSIVE if stream is None else MEMBERS[stream]
        sigmas = np.sqrt(((pulses / self._noise) ** 2).sum(axis=2))
        k = int(np.argmax((np.sort(sigmas[:, members], axis=1)[:, -3:] ** 2).mean(axis=1)))
        sigma = np.minimum(sigmas[k], self.config.max_sigma)
        if pattern is None:
            made_by = members[np.argsort(sigma[members])[-6:]]
            weights = _matched(pulses[k], self._noise[k], made_by)
        else:
            made_by, weights = moving(pattern), self._units.weights(pattern)
        mouth = 1 + list(Stream).index(Stream.MOUTH)
        earlier = self._history(index - steps(1.2), index - steps(0.4))[:, mouth]
        habit = self._history(index - steps(3.0), index - steps(0.3))[:, mouth]
        return Candidate(
            stream,
            index,
            float(self._score_at(index)[_ORDER.index(stream)]),
            {s: float(window[:, i].max()) for i, s in enumerate(Stream, start=1)},
            weights,
            made_by,
            sigma,
            self._noise[k],
            float(self._skull[index % len(self._skull)]),
            float(earlier.max()) if len(earlier) else 0.0,
            float(np.quantile(habit, 0.75)) if len(habit) else 0.0,
            fit,
        )

    def _score_at(self, index: int) -> Array:
        scores: Array = self._scores[index % len(self._scores)]
        return scores

    def _history(self, first: int, last: int) -> Array:
        """Scores of grid samples first..last that exist, (n, SCORES)."""
        oldest = self._centre - min(self._scored, len(self._scores)) + 1
        wanted: Index = np.arange(max(first, oldest), min(last, self._centre) + 1)
        history: Array = self._scores[wanted % len(self._scores)]
        return history


def _matched(pulse: Array, noise_px: Array, regions: Index) -> Array:
    """(31, 2) weights of unit noise along the pulse of some regions, each with noise of its own."""
    weights = np.zeros((_N, 2))
    weights[regions] = pulse[regions] / noise_px[regions] ** 2
    return weights / max(float(np.sqrt(((weights * noise_px) ** 2).sum())), 1e-12)


@cache
def _main_stream(pattern: int) -> Stream:
    """The stream most of whose regions a pattern of `units` moves."""
    shares = {s: np.isin(members, moving(pattern)).mean() for s, members in MEMBERS.items()}
    return max(shares, key=lambda s: shares[s])


def _rms(values: Array) -> float:
    return math.sqrt(float(values @ values) / len(values))
