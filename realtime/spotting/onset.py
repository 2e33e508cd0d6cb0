"""Find brief rises and returns of facial motion in a live stream.

The signal is the displacement e of 31 regions.  What is scored is its second difference in time,

    p(t) = e(t) − (e(t − τ) + e(t + τ)) / 2,

which is zero for a steady position and for a steady velocity, small for drift, and large for what
rises and returns within a few tenths of a second.  Each region and axis is divided by its own
noise (the median of |p| over the last seconds), so the score is in sigmas of this face, this
camera and this light.  These scores measure how much moved; two more measure how well the
movement matches an action unit of the upper and of the lower face (`au_filters`).

Pure: no clock, no thread.  All durations are seconds, turned into samples of the 60 Hz
grid of `timeline`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.motion.quantiles import quantile
from realtime.motion.regions import MEMBERS, REGIONS, RIGID, Stream
from realtime.spotting.au_filters import UnitFilter, UnitFit, moving
from realtime.spotting.onset_config import OnsetConfig
from realtime.spotting.rolling import Rolling
from realtime.spotting.scores import peaks, pulses_in, score, score_again, spread
from realtime.spotting.timeline import Timeline, steps

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_N = len(REGIONS)
_SKULL = np.flatnonzero(RIGID >= 0.6)
EXPRESSIVE = np.array(
    [i for i, r in enumerate(REGIONS) if r.stream not in (Stream.LIDS, Stream.EYES)]
)
# Members of the whole face and of every stream, one row each, filled up with -1.
_ORDER: tuple[Stream | None, ...] = (None, *Stream)  # the scores' first columns
_GROUPS = np.full((1 + len(Stream), len(EXPRESSIVE)), -1)
for _row, _members in enumerate((EXPRESSIVE, *MEMBERS.values())):
    _GROUPS[_row, : len(_members)] = _members
_UPPER, _LOWER = 1 + len(Stream), 2 + len(Stream)  # columns of the scores behind those
SCORES = 3 + len(Stream)  # whole face, streams, fit of the upper and of the lower face's units
_SKULL_SIGMA = SCORES  # and behind them the skull's own
_MOUTH = 1 + list(Stream).index(Stream.MOUTH)


class DetectorState(Enum):
    LEARNING = "learning rest"
    RESTING = "resting"
    RISING = "rising"
    SPEAKING = "speaking: lower face masked"
    EXPRESSION = "ordinary expression"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A local maximum of the score: something rose and came back."""

    stream: Stream | None  # the stream with the largest score; None: the face as a whole
    index: int  # grid sample of the maximum
    strength: float  # its score, sigmas
    streams: dict[Stream, float]  # every stream's largest score around it
    weights: Array  # (31, 2) of unit noise: the direction of most information
    moving: Index  # the regions that make the movement
    sigma: Array  # (31,) each region's own score
    noise_px: Array  # (31, 2) for the τ of the largest score
    disturbance_sigma: float  # the skull's own score
    mouth_before: float  # mouth score 1.2 s to 0.4 s before, largest
    mouth_activity: float  # 75 % quantile of the mouth score over 3 s
    fit: UnitFit  # the best matching action unit


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the candidates of one grid sample have in common; names as in `Candidate`."""

    pulses: Array  # (τ, 31, 2)
    sigmas: Array  # (τ, 31)
    fit: UnitFit
    scores: Array  # (SCORES,)
    streams: dict[Stream, float]
    disturbance_sigma: float
    mouth_before: float
    mouth_activity: float


class OnsetDetector:
    """Scores one face's motion and finds the candidates.

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
        self._tops = np.array([self.config.top] + [self.config.top_stream] * len(Stream))
        self._wait = steps(self.config.after_s)
        self._units = UnitFilter(noise_px)
        self.reset()

    def reset(self) -> None:
        """Forget the noise and the scores: a new face, or a scene that was cut."""
        keep = steps(self.config.noise_s)
        self._pulses = np.zeros((len(self._taus), keep, _N, 2), np.float32)
        self._noise = np.empty((len(self._taus), _N, 2))
        self._noise[:] = self._known_noise
        self._units.reset()
        self._scores = Rolling(SCORES + 1, steps(4.0))
        self._first: int | None = None  # grid sample that came first

    @property
    def state(self) -> DetectorState:
        if self._scores.count < self._learn:
            return DetectorState.LEARNING
        rising = self._score_at(self._centre)[0] >= self.config.enter_sigma
        return DetectorState.RISING if rising else DetectorState.RESTING

    @property
    def noise_px(self) -> Array:
        """(31, 2) noise of the regions' pulses as learned so far, the mean over τ."""
        return np.asarray(self._noise.mean(axis=0), np.float64)

    @property
    def correlation(self) -> Array:
        """(62, 62) of the regions' pulses as learned so far."""
        return self._units.correlation

    def strengths(self) -> tuple[float, ...]:
        """Newest score of every stream, in the order of `Stream`."""
        if self._scores.count == 0:
            return (0.0,) * len(Stream)
        return tuple(self._score_at(self._centre)[1:_UPPER].tolist())

    def scores(self) -> tuple[Array, int]:
        """(n, SCORES) of the last four seconds, and the grid sample of the first."""
        if self._scores.count == 0:
            return np.zeros((0, SCORES)), 0
        oldest = self._scores.oldest + self._origin
        return self._history(oldest, self._centre), oldest

    def detect(self, timeline: Timeline, index: int) -> list[Candidate]:
        """Take grid sample `index` of a timeline whose first 62 channels are e (31, 2).

        Samples must come in order.  Returns the candidates that it completes.
        """
        if self._first is None:
            self._first = index
        self._centre = centre = index - self._lag
        if centre < self._origin:
            return []
        config, scored = self.config, self._scores.count
        row = self._scores.append()
        pulses = self._score(timeline, centre, self._pulses, scored % self._pulses.shape[1], row)
        row[_UPPER:SCORES] = self._units.score(pulses[-1])
        scored += 1
        if scored % steps(0.25) == 0 and scored >= self._trust:
            known = min(scored, self._pulses.shape[1])
            self._noise = spread(self._pulses, known, config.noise_floor_px)
        if scored < self._learn:
            return []
        return self._candidates(timeline, centre - self._wait)

    @contextmanager
    def as_if(self, timeline: Timeline, first: int) -> Iterator[None]:
        """Scores of a timeline whose samples from `first` on were changed, while it lasts.

        The noise stays as it is known, and nothing is learned from the change.
        """
        low = max(first - self._lag, self._scores.oldest + self._origin)
        rows = self._scores.span(low - self._origin, self._centre - self._origin)
        before, unkept = rows.copy(), np.empty((len(self._taus), 1, _N, 2), np.float32)
        try:
            span = timeline.span(low - self._lag, self._centre + self._lag)
            score_again(span, self._scored_by, self._units.whitening, unkept, rows)
            yield
        finally:
            rows[:] = before

    def candidates_among(self, timeline: Timeline, last_samples: int) -> list[Candidate]:
        """Candidates at the newest samples that can have one, the strongest first."""
        if self._scores.count < self._learn + last_samples:
            return []
        newest = self._centre - self._wait
        found = [
            candidate
            for index in range(newest - last_samples + 1, newest + 1)
            for candidate in self._candidates(timeline, index)
        ]
        return sorted(found, key=lambda c: -c.strength)

    def _score(
        self, timeline: Timeline, centre: int, kept: NDArray[np.float32], slot: int, row: Array
    ) -> Array:
        """Scores of one sample, written to `row`; returns its pulses (τ, 31, 2)."""
        span = timeline.span(centre - self._lag, centre + self._lag)
        pulses: Array = score(span, self._scored_by, kept, slot, row)
        return pulses

    @property
    def _scored_by(self) -> tuple[Any, ...]:
        """What `score` measures by."""
        config, tops = self.config, self._tops
        return self._taus, self._noise, _SKULL, config.calm_sigma, _GROUPS, tops, config.max_sigma

    @property
    def _origin(self) -> int:
        """Grid sample of the first score."""
        assert self._first is not None
        return self._first + self._lag

    def _candidates(self, timeline: Timeline, index: int) -> list[Candidate]:
        window = self._history(index - steps(self.config.before_s), index + self._wait)
        here = self._score_at(index)
        found = peaks(window, here, self.config.enter_sigma)
        if not found:
            return []
        # what is the same for the candidates of all columns of the scores
        span = timeline.span(index - self._lag, index + self._lag)
        pulses, sigmas = pulses_in(span, self._taus, self._noise)
        earlier = self._history(index - steps(1.2), index - steps(0.4))[:, _MOUTH]
        activity = self._history(index - steps(3.0), index - steps(0.3))[:, _MOUTH]
        moment = _Moment(
            pulses,
            sigmas,
            self._units.fit(pulses[-1]),
            here,
            dict(zip(Stream, window.max(axis=0)[1:_UPPER].tolist(), strict=True)),
            float(self._scores.span(index - self._origin, index - self._origin)[0, _SKULL_SIGMA]),
            float(earlier.max()) if len(earlier) else 0.0,
            quantile(activity.copy(), 0.75) if len(activity) else 0.0,
        )
        return [self._described(index, int(column), moment) for column in found]

    def _described(self, index: int, column: int, moment: _Moment) -> Candidate:
        """The candidate of one column of the scores."""
        fit, sigmas = moment.fit, moment.sigmas
        pattern = {_UPPER: fit.upper.pattern, _LOWER: fit.lower.pattern}.get(column)
        stream = _ORDER[column] if pattern is None else _main_stream(pattern)
        members = EXPRESSIVE if stream is None else MEMBERS[stream]
        k = int(np.argmax((np.sort(sigmas[:, members], axis=1)[:, -3:] ** 2).sum(axis=1)))
        sigma = np.minimum(sigmas[k], self.config.max_sigma)
        if pattern is None:
            made_by = members[np.argsort(sigma[members])[-6:]]
            weights = _matched(moment.pulses[k], self._noise[k], made_by)
        else:
            made_by, weights = moving(pattern), self._units.weights(pattern)
        return Candidate(
            stream,
            index,
            float(moment.scores[_ORDER.index(stream)]),
            moment.streams,
            weights,
            made_by,
            sigma,
            self._noise[k],
            moment.disturbance_sigma,
            moment.mouth_before,
            moment.mouth_activity,
            fit,
        )

    def _score_at(self, index: int) -> Array:
        scores: Array = self._history(index, index)[0]
        return scores

    def _history(self, first: int, last: int) -> Array:
        """Scores of grid samples first..last that exist, (n, SCORES)."""
        oldest = self._scores.oldest
        rows = self._scores.span(max(first - self._origin, oldest), last - self._origin)
        scores: Array = rows[:, :SCORES]
        return scores


def _matched(pulse: Array, noise_px: Array, regions: Index) -> Array:
    """(31, 2) weights of unit noise along the pulse of some regions, each with noise of its own."""
    weights = np.zeros((_N, 2))
    weights[regions] = pulse[regions] / noise_px[regions] ** 2
    return weights / max(float(np.sqrt(((weights * noise_px) ** 2).sum())), 1e-12)


@cache
def _main_stream(pattern: int) -> Stream:
    """The stream most of whose regions a pattern of `au_filters` moves."""
    shares = {s: np.isin(members, moving(pattern)).mean() for s, members in MEMBERS.items()}
    return max(shares, key=lambda s: shares[s])
