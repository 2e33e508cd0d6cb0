"""What the analysis found in one frame: its result for recording, events and screen."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.face.assessability import Assessable
from realtime.face.face import Face
from realtime.motion.stabiliser import Stabilised
from realtime.spotting.face_spotter import FaceFinding
from realtime.spotting.onset import DetectorState
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity


@dataclass(frozen=True, slots=True)
class FaceAnalysis:
    """One face of one frame."""

    face: Face
    assessable: Assessable
    state: DetectorState | None  # None: the face cannot be assessed, so it is not followed
    strengths: tuple[float, ...]  # score of every `Stream`, sigmas
    stabilised: Stabilised | None  # None as for `state`
    sensitivity: Sensitivity = UNKNOWN
    coarse: float = 0.0  # `coarseness` of the codec, grey levels, median of two seconds


@dataclass(frozen=True, slots=True)
class FrameAnalysis:
    faces: tuple[FaceAnalysis, ...]  # largest first
    findings: tuple[FaceFinding, ...]  # new, or revisions of earlier ones
    # face and number of earlier findings whose second stage will not come
    unconfirmed: tuple[tuple[int, int], ...] = ()
    pictures: int = 0  # faces that are left out because they never move

    @property
    def largest(self) -> FaceAnalysis | None:
        return self.faces[0] if self.faces else None

    @property
    def assessable(self) -> Assessable:
        """Of the largest face."""
        if self.faces:
            return self.faces[0].assessable
        return Assessable.PICTURE if self.pictures else Assessable.NO_FACE
