"""Every brief rise and return of one face, measured: onset, apex, offset and features.

A candidate is measured twice: `early`, as soon as its return is in sight, and `late`, when 0.45 s
have passed and most of the end is known.  Whether it is accepted is decided by the verifier and
the spotter; the verifier is trained on exactly these measured candidates.

Pure; no clock, no thread, no file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realtime.motion.regions import Stream
from realtime.spotting.apex import ApexConfig, Pulse, measure_pulse
from realtime.spotting.au_filters import moving
from realtime.spotting.baseline_activity import away_px, oscillation_amplitude
from realtime.spotting.channels import CHANNELS, FIRST, Channel, signs
from realtime.spotting.context import Context, context
from realtime.spotting.features import NAMES, features
from realtime.spotting.mean_filters import MeanFilter
from realtime.spotting.onset import Candidate, DetectorState, OnsetDetector
from realtime.spotting.onset_config import OnsetConfig
from realtime.spotting.temporal_filters import EARLY, LATE
from realtime.spotting.time_reversal import MIRRORED, reversal
from realtime.spotting.timeline import Timeline, steps

Stage = Literal["early", "late"]

LATE_S = 0.45  # after the candidate's peak: a revision is out within 0.6 s of the apex
# Oscillation of the mouth, crop pixels.  A speaker has 2 to 4; a face at rest that swallows or
# presses its lips now and then, half a pixel.
SPEAKING_PX = 1.5
_EXPRESSION_PX = 1.5  # of all regions, from where they were in the last seconds
_STATE_S = 0.25  # between updates of `speaking`, `coarse` and `expression`
_MOUTH_PX = NAMES.index("mouth px")
_BLINK_RISE = NAMES.index("blink rise")
_GAZE_CHANGE = NAMES.index("gaze change")
_LIGHT_CHANGE = NAMES.index("light change")
_NEAR = 7  # newest samples that a movement laid into them may have its candidate at


@dataclass(frozen=True, slots=True)
class MeasuredCandidate:
    """A candidate as it is known at one stage."""

    stage: Stage
    candidate: Candidate
    pulse: Pulse
    features: NDArray[np.float64]  # one value for each of `features.NAMES`
    continuous: bool  # tracked without a break from before the onset to now
    coarse: float  # `coarseness` of the codec, grey levels, median of two seconds
    mirrored: bool = False  # at the second stage: the film is played backwards from here

    @property
    def blink_rise(self) -> float:
        """Largest blink sign near the apex over its recent median."""
        return float(self.features[_BLINK_RISE])

    @property
    def gaze_change(self) -> float:
        return float(self.features[_GAZE_CHANGE])

    @property
    def light_change(self) -> float:
        """Largest departure of the face's brightness from its recent median, log."""
        return float(self.features[_LIGHT_CHANGE])

    @property
    def masked(self) -> bool:
        """A movement of the lower face while the person speaks: not to be separated from speech."""
        streams = self.candidate.streams
        lower = self.candidate.stream is not Stream.BROWS and (
            streams[Stream.MOUTH] >= streams[Stream.BROWS]
        )
        return lower and self.features[_MOUTH_PX] > SPEAKING_PX


def always(_: int) -> bool:
    """Of a time, ns: every candidate is measured a second time."""
    return True


class CandidateFinder:
    """One face.  `reset` when it is lost, after a gap, or when its noise is to be measured again.

    Between two resets feed either frames or rows of a series, not both.

    Args:
        noise_px: (31, 2) noise of the regions' pulses, where it is known from before.
    """

    def __init__(
        self,
        onset: OnsetConfig | None = None,
        apex: ApexConfig | None = None,
        noise_px: NDArray[np.float64] | None = None,
    ) -> None:
        self._apex = apex or ApexConfig()
        self._detector = OnsetDetector(onset, noise_px)
        self._means = {"early": MeanFilter(EARLY, noise_px), "late": MeanFilter(LATE, noise_px)}
        self.reset()

    def reset(self) -> None:
        self._detector.reset()
        for means in self._means.values():
            means.reset()
        self._timeline = Timeline(CHANNELS, keep_s=4.0)
        self._awaiting: deque[Candidate] = deque()
        self._context: Context | None = None
        self._reversal: tuple[int, float] | None = None
        self.speaking = False
        self.coarse = 0.0  # `coarseness` of the codec, median of the last two seconds
        self.expression = False  # an ordinary one: the face is far from where it was

    @property
    def state(self) -> DetectorState:
        if self._detector.state is DetectorState.LEARNING:
            return DetectorState.LEARNING
        if self.speaking:
            return DetectorState.SPEAKING
        return DetectorState.EXPRESSION if self.expression else self._detector.state

    @property
    def is_settled(self) -> bool:
        """Whether this face's noise is known."""
        return self._detector.state is not DetectorState.LEARNING

    @property
    def strengths(self) -> tuple[float, ...]:
        """Newest score of every `Stream`, sigmas."""
        return self._detector.strengths()

    @property
    def noise_px(self) -> NDArray[np.float64]:
        """(31, 2) noise of the regions' pulses as learned so far."""
        return self._detector.noise_px

    @property
    def correlation(self) -> NDArray[np.float64]:
        """(62, 62) of the regions' pulses as learned so far."""
        return self._detector.correlation

    @property
    def newest_index(self) -> int:
        """The newest grid sample, -1 before the first."""
        return self._timeline.count - 1

    def find(
        self, t_ns: int, values: NDArray[np.float64], wants_late: Callable[[int], bool] = always
    ) -> list[MeasuredCandidate]:
        """The candidates that one frame completes; times must move forward.

        Args:
            values: (CHANNELS,) of the frame.
            wants_late: whether a candidate at this time, ns, is to be measured a second time,
                which takes as long as the first.
        """
        known = self._timeline.resample(t_ns, values)
        return [found for index in known for found in self._found_at(index, wants_late)]

    def would_find(self, added: NDArray[np.float64]) -> Generator[MeasuredCandidate]:
        """The candidates there would be now if the face had moved besides, strongest first.

        Nothing is learned, and all is as it was when the iterator is closed or at its end.

        Args:
            added: (n, 62) displacement of the n newest grid samples, crop pixels.
        """
        line, first = self._timeline, self._timeline.count - len(added)
        newest = line.span(first, line.count - 1)[:, :FIRST]
        before, around = newest.copy(), self._context
        newest += added
        try:
            with self._detector.as_if(line, first):
                self._context = None
                for candidate in self._detector.candidates_among(line, _NEAR):
                    yield from self._measured("early", candidate)
        finally:
            newest[:] = before
            self._context = around

    def _found_at(
        self, index: int, wants_late: Callable[[int], bool]
    ) -> Iterator[MeasuredCandidate]:
        """What one grid sample completes; it is the newest, or the frame brought others with it."""
        if index % steps(_STATE_S) == 0:
            mouth_px = oscillation_amplitude(self._timeline, index)[Stream.MOUTH]
            self.speaking = mouth_px > SPEAKING_PX
            self.coarse = self._coarse(index)
            self.expression = away_px(self._timeline, index) > _EXPRESSION_PX
        candidates = self._detector.detect(self._timeline, index)
        for means in self._means.values():
            means.learn(self._timeline, index)
        for candidate in candidates:
            yield from self._measured("early", candidate)
        self._awaiting.extend(candidates)
        while self._awaiting and index >= self._awaiting[0].index + steps(LATE_S):
            candidate = self._awaiting.popleft()
            if wants_late(self._timeline.time_ns(candidate.index)):
                yield from self._measured("late", candidate)

    def _measured(self, stage: Stage, candidate: Candidate) -> Iterator[MeasuredCandidate]:
        pulse = measure_pulse(self._timeline, candidate, self._apex)
        if pulse is None:
            return
        at, line = candidate.index, self._timeline
        whole, around = signs(line, at - steps(0.35), line.count - 1), self._context_of(at)
        means = self._means[stage].evidence(line, at)
        matched = replace(candidate, weights=means.weights, moving=moving(means.pattern))
        course = measure_pulse(line, matched, self._apex) or pulse
        yield MeasuredCandidate(
            stage,
            candidate,
            pulse,
            features(candidate, pulse, line, around, means, course),
            continuous=bool(whole[:, Channel.BROKEN].max() == 0.0),
            coarse=self.coarse,
            mirrored=stage == "late" and self._is_mirrored(at),
        )

    def _is_mirrored(self, at: int) -> bool:
        """Asked of all candidates of one moment, and computed once."""
        if self._reversal is None or self._reversal[0] != at:
            self._reversal = at, reversal(self._timeline, at)
        return self._reversal[1] > MIRRORED

    def _coarse(self, index: int) -> float:
        """Grey levels, median of two seconds."""
        past = signs(self._timeline, index - steps(2.0), index)
        return float(np.median(past[:, Channel.COARSE]))

    def _context_of(self, at: int) -> Context:
        """Context of all candidates of one moment; one movement is found in several streams."""
        known = self._context
        if known is None or (known.at, known.now) != (at, self._timeline.count - 1):
            known = self._context = context(self._timeline, at, *self._detector.scores())
        return known
