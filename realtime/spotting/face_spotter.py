"""One face from frames to findings: the face pipeline, the spotter on top, the crops of a pair.

Pure; no clock, no thread, no file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.face.assessability import Assessable
from realtime.face.face import Box, Face
from realtime.face.geometry import face_box
from realtime.motion.stabiliser import Stabilised, StabiliserConfig
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.frame_history import FrameHistory
from realtime.spotting.onset import DetectorState
from realtime.spotting.person_profile import Profile
from realtime.spotting.sensitivity import Sensitivity, SensitivityMeter
from realtime.spotting.spotter import Finding, Spotter, SpotterConfig
from realtime.spotting.verifier import Verifier, load_verifier


@dataclass(frozen=True, slots=True)
class FaceFinding:
    """A finding, with what the frames of its face tell about it."""

    face_id: int
    finding: Finding
    onset_frame: int
    apex_frame: int
    offset_frame: int  # may lie ahead of the newest frame
    face_box: Box  # at the apex
    apex_crop: NDArray[np.uint8]  # (224, 224) grey
    pair: NDArray[np.float32] | None  # (2, 224, 224) for the network, of a new micro-expression


class FaceSpotter:
    """Watches the face with one id; made when it is found, dropped when it is lost."""

    def __init__(
        self,
        face_id: int,
        stabiliser: StabiliserConfig | None = None,
        spotter: SpotterConfig | None = None,
        *,
        verifier: Verifier | None = None,
        profile: Profile | None = None,
    ) -> None:
        config = spotter or SpotterConfig()
        self.face_id = face_id
        verifier = verifier or load_verifier()
        self._spotter = Spotter(config, verifier, profile)
        self._meter = SensitivityMeter(verifier.probes, seed=face_id)
        self._pipeline = FacePipeline(
            stabiliser,
            config.onset,
            config.apex,
            noise_px=profile.noise() if profile else None,
        )
        self._max_coarse = config.rules.max_coarse
        self._history = FrameHistory()

    def reset(self) -> None:
        """Learn this face at rest again."""
        self._pipeline.reset()
        self._spotter.reset()
        self._meter.reset()
        self._history.clear()

    def set_alarms_per_minute(self, rate: float) -> None:
        """Another target false-alarm rate; how small a movement would be found is learned anew."""
        self._spotter.set_alarms_per_minute(rate)
        self._meter.reset()

    def take_unconfirmed(self) -> list[int]:
        """Flags whose second stage will not come, by the numbers of their findings."""
        return self._spotter.take_unconfirmed()

    @property
    def stabilised(self) -> Stabilised | None:
        """The newest frame."""
        return self._pipeline.stabilised

    @property
    def state(self) -> DetectorState:
        return self._pipeline.finder.state

    @property
    def strengths(self) -> tuple[float, ...]:
        """Newest score of every `Stream`, sigmas."""
        return self._pipeline.finder.strengths

    @property
    def coarse(self) -> float:
        """`coarseness` of the codec, grey levels, median of the last two seconds."""
        return self._pipeline.finder.coarse

    @property
    def is_compressed(self) -> bool:
        """Whether the video's codec is too coarse for small movements."""
        return self.coarse > self._max_coarse

    @property
    def sensitivity(self) -> Sensitivity:
        """The smallest movement that would be found now."""
        return self._meter.value

    def align(self, seq: int, t_ns: int, grey: NDArray[np.uint8], face: Face) -> Stabilised:
        """First part of a frame's work, of frame number `seq` (h, w): the aligned crop."""
        if self._pipeline.is_interrupted(t_ns, face):
            self.reset()
        stabilised = self._pipeline.align(t_ns, grey, face)
        self._history.keep(seq, stabilised, face_box(face.landmarks))
        return stabilised

    def spot(self, stabilised: Stabilised, face: Face) -> tuple[FaceFinding, ...]:
        """Second part: what was found, or revised, with this frame."""
        pipeline, spotter = self._pipeline, self._spotter
        candidates = pipeline.find(stabilised, face, spotter.wants_late)
        hidden = pipeline.is_occluded or self.is_compressed
        findings = spotter.judge(
            candidates,
            pipeline.finder.newest_index,
            hidden=hidden or self.sensitivity.is_insufficient,
        )
        self._meter.ask(pipeline.finder, pipeline.period_s, spotter.would_stand, hidden=hidden)
        return tuple(map(self._with_frames, findings))

    def assessable(self, verdict: Assessable) -> Assessable:
        """The verdict on the newest frame, and the reason if its motion is not assessable."""
        if verdict is not Assessable.YES:
            return verdict
        if self.stabilised is not None and not self.stabilised.steady:
            return Assessable.UNSTABLE
        if self._pipeline.is_occluded:
            return Assessable.OCCLUDED
        if self.is_compressed:
            return Assessable.COMPRESSED
        if self.state is DetectorState.LEARNING:
            return Assessable.SETTLING
        if self.sensitivity.is_insufficient:
            return Assessable.INSENSITIVE
        return verdict

    def _with_frames(self, finding: Finding) -> FaceFinding:
        history, apex = self._history, self._history.nearest(finding.apex_ns)
        wants_pair = finding.kind == "micro"
        return FaceFinding(
            self.face_id,
            finding,
            history.frame_number(finding.onset_ns),
            history.frame_number(finding.apex_ns),
            history.frame_number(finding.offset_ns),
            apex.face_box,
            apex.crop,
            history.pair(finding.onset_ns, finding.apex_ns) if wants_pair else None,
        )
