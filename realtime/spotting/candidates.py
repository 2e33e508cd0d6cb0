"""Every brief rise and return of one face, with the evidence for and against it.

A sighting is made twice of each candidate: `early`, as soon as the return is in sight, and
`late`, when 0.45 s have passed and most of the end is known.  What is made of them is the
verifier's and the spotter's matter; training sees exactly these sightings.

Pure: `update` in, sightings out; no clock, no thread, no file.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realtime.face.assessability import head_angles
from realtime.face.face import Face
from realtime.face.geometry import CROP_EYES, CROP_IOD, inter_ocular
from realtime.motion.region_motion import MIN_NCC, Motion, RegionMotion
from realtime.motion.regions import REGIONS, Stream
from realtime.motion.stabiliser import Stabilised
from realtime.spotting.apex import ApexConfig, Pulse, measure_pulse
from realtime.spotting.baseline_activity import away_px, oscillation_amplitude
from realtime.spotting.channels import CHANNELS, FIRST, Channel, signs
from realtime.spotting.context import Context, context
from realtime.spotting.features import NAMES, features
from realtime.spotting.onset import Candidate, DetectorState, OnsetConfig, OnsetDetector
from realtime.spotting.timeline import Timeline, steps

Stage = Literal["early", "late"]

LATE_S = 0.45  # after the candidate's peak: a revision is out within 0.6 s of the apex
_TOGETHER_S = 0.05
# To and fro of the mouth, crop pixels.  Who speaks has 2 to 4; a face at rest that swallows or
# presses its lips now and then, half a pixel.
SPEAKING_PX = 1.5
_EXPRESSION_PX = 1.5  # of all regions, from where they were in the last seconds
_LOOK_S = 0.25  # between looks at what the face does at large
_COVERED = 1 / 3  # of the regions
_OPEN = np.array([i for i, r in enumerate(REGIONS) if r.stream is not Stream.LIDS])
_MOUTH_PX = NAMES.index("mouth px")
_BLINK_RISE = NAMES.index("blink rise")
_GAZE_CHANGE = NAMES.index("gaze change")
_LIGHT_CHANGE = NAMES.index("light change")
_FACE = np.s_[30:200:4, 40:184:4]  # skin, of the crop; every fourth pixel tells the same
_MAX_PERIOD_S = 0.2


@dataclass(frozen=True, slots=True)
class MeasuredCandidate:
    stage: Stage
    candidate: Candidate
    pulse: Pulse
    evidence: NDArray[np.float64]  # one value for each of `evidence.NAMES`
    continuous: bool  # tracking held from before the onset to now
    coarse: float  # `coarseness` of the codec, grey levels, median of two seconds

    @property
    def blink_rise(self) -> float:
        """Largest blink sign near the apex over its recent median."""
        return float(self.evidence[_BLINK_RISE])

    @property
    def gaze_change(self) -> float:
        return float(self.evidence[_GAZE_CHANGE])

    @property
    def light_change(self) -> float:
        """Largest departure of the face's brightness from its recent median, log."""
        return float(self.evidence[_LIGHT_CHANGE])

    @property
    def masked(self) -> bool:
        """A movement of the lower face while the person speaks: nobody can tell it from speech."""
        streams = self.candidate.streams
        lower = self.candidate.stream is not Stream.BROWS and (
            streams[Stream.MOUTH] >= streams[Stream.BROWS]
        )
        return lower and self.evidence[_MOUTH_PX] > SPEAKING_PX


class CandidateFinder:
    """One face.  `reset` when it is lost, when time was lost, or when rest is to be learned.

    Args:
        noise_px: (31, 2) noise of the regions' pulses, where it is known from before.
        motion: another way to measure the regions than the usual one.
    """

    def __init__(
        self,
        onset: OnsetConfig,
        apex: ApexConfig,
        noise_px: NDArray[np.float64] | None = None,
        motion: RegionMotion | None = None,
    ) -> None:
        self._apex = apex
        self._motion = motion or RegionMotion()
        self._detector = OnsetDetector(onset, noise_px)
        self.reset()

    def reset(self) -> None:
        self._motion.reset()
        self._detector.reset()
        self._timeline = Timeline(CHANNELS, keep_s=4.0)
        self._awaiting: deque[Candidate] = deque()
        self._shared: Context | None = None
        self._last_ns: int | None = None
        self._middle: tuple[float, float] | None = None  # of the eyes, frame pixels
        self._way_x = self._way_y = 0.0  # that it has gone since the reset, IOD
        self.speaking = False
        self.coarse = 0.0  # `coarseness` of the codec, median of the last two seconds
        self.expression = False  # an ordinary one: the face is far from where it was
        self.motion: Motion | None = None  # the newest frame's

    @property
    def state(self) -> DetectorState:
        if self._detector.state is DetectorState.LEARNING:
            return DetectorState.LEARNING
        if self.speaking:
            return DetectorState.SPEAKING
        return DetectorState.EXPRESSION if self.expression else self._detector.state

    @property
    def occluded(self) -> bool:
        """Whether a third of the regions, lids aside, were not found in the newest frame."""
        if self.motion is None:
            return False
        return float((self.motion.ncc[_OPEN] < MIN_NCC).mean()) > _COVERED

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

    def is_late(self, index: int) -> bool:
        """Whether the late sighting of a candidate at this grid sample has been made.

        Candidates of one movement lie a few samples apart: the last of them are waited for.
        """
        return self._timeline.count - 1 >= index + steps(LATE_S + _TOGETHER_S)

    def update(
        self, stabilised: Stabilised, face: Face, again: Callable[[int], bool] = lambda _: True
    ) -> list[MeasuredCandidate]:
        """Take one frame; times must move forward.

        Args:
            again: whether a candidate at this time, ns, is worth its late sighting, which takes
                as long as the early one.
        """
        row = self.measure(stabilised, face)
        return self.find(stabilised.t_ns, row, again)

    def measure(self, stabilised: Stabilised, face: Face) -> NDArray[np.float64]:
        """One frame's values, (CHANNELS,); `find` takes them, now or when they are replayed."""
        self.motion = motion = self._motion.measure(stabilised)
        row = self._row(stabilised, face, motion)
        self._last_ns = stabilised.t_ns
        return row

    def find(
        self,
        t_ns: int,
        row: NDArray[np.float64],
        again: Callable[[int], bool] = lambda _: True,
    ) -> list[MeasuredCandidate]:
        """The candidates that one measured frame (CHANNELS,) completes; arguments as `update`'s."""
        sightings: list[MeasuredCandidate | None] = []
        for index in self._timeline.resample(t_ns, row):
            if index % steps(_LOOK_S) == 0:
                self.speaking = (
                    oscillation_amplitude(self._timeline, index)[Stream.MOUTH] > SPEAKING_PX
                )
                self.coarse = self._coarse(index)
                self.expression = away_px(self._timeline, index) > _EXPRESSION_PX
            candidates = self._detector.detect(self._timeline, index)
            sightings += [self._seen("early", candidate) for candidate in candidates]
            self._awaiting.extend(candidates)
            while self._awaiting and index >= self._awaiting[0].index + steps(LATE_S):
                candidate = self._awaiting.popleft()
                if again(self._timeline.time_ns(candidate.index)):
                    sightings.append(self._seen("late", candidate))
        return [sighting for sighting in sightings if sighting is not None]

    def _seen(self, stage: Stage, candidate: Candidate) -> MeasuredCandidate | None:
        pulse = measure_pulse(self._timeline, candidate, self._apex)
        if pulse is None:
            return None
        at, line = candidate.index, self._timeline
        whole, around = signs(line, at - steps(0.35), line.count - 1), self._surroundings(at)
        return MeasuredCandidate(
            stage,
            candidate,
            pulse,
            features(candidate, pulse, line, around),
            continuous=bool(whole[:, Channel.BROKEN].max() == 0.0),
            coarse=self.coarse,
        )

    def _coarse(self, index: int) -> float:
        """Grey levels, median of two seconds."""
        past = signs(self._timeline, index - steps(2.0), index)
        return float(np.median(past[:, Channel.COARSE]))

    def _surroundings(self, at: int) -> Context:
        """What the candidates of one moment share; one movement shows in several streams."""
        known = self._shared
        if known is None or (known.at, known.now) != (at, self._timeline.count - 1):
            known = self._shared = context(self._timeline, at, *self._detector.scores())
        return known

    def _row(self, stabilised: Stabilised, face: Face, motion: Motion) -> NDArray[np.float64]:
        row = np.empty(CHANNELS)
        row[:FIRST] = motion.displacement.ravel()
        seen, t_ns = face.signs, stabilised.t_ns
        # where the eyes lie in the frame, how they are tilted and how large the face is
        (a, b, x), (c, d, y) = stabilised.transform.tolist()
        scale = math.hypot(a, c)
        x, y = CROP_EYES[0] - x, CROP_EYES[1] - y
        middle = (d * x - b * y) / (a * d - b * c), (a * y - c * x) / (a * d - b * c)
        if self._middle is not None:
            self._way_x += (middle[0] - self._middle[0]) * scale / CROP_IOD
            self._way_y += (middle[1] - self._middle[1]) * scale / CROP_IOD
        self._middle = middle
        angles = head_angles(face.landmarks)
        period_s = 0.0 if self._last_ns is None else (t_ns - self._last_ns) / 1e9
        rest: dict[Channel, float] = {
            Channel.BLINK: max(seen.blink_left, seen.blink_right),
            Channel.GAZE_X: seen.gaze_x,
            Channel.GAZE_Y: seen.gaze_y,
            Channel.JAW: seen.jaw_open,
            Channel.BROKEN: float(motion.broken),
            Channel.RENEWED: float(stabilised.renewed),
            Channel.DISTURBANCE: motion.disturbance_px,
            Channel.HEAD_X: self._way_x,
            Channel.HEAD_Y: self._way_y,
            Channel.ROLL: math.atan2(c, a),
            Channel.SIZE: -math.log(scale),
            Channel.YAW: math.radians(angles.yaw),
            Channel.PITCH: math.radians(angles.pitch),
            Channel.LIGHT: float(np.log(stabilised.picture[_FACE].mean() + 1.0)),
            Channel.NCC: float(motion.ncc.mean()),
            Channel.PERIOD: min(period_s, _MAX_PERIOD_S),
            Channel.FACE_PX: math.log2(max(inter_ocular(face.landmarks), 1.0)),
            Channel.COARSE: stabilised.coarse,
        }
        for channel, value in rest.items():
            row[FIRST + channel] = value
        return row
