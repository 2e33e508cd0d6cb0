"""One face, from frame to finding: stabiliser and spotter, and the crops a pair is cut from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.capture.ring_buffer import Frame
from realtime.face.assessability import Assessable
from realtime.face.face import Box, Face
from realtime.face.geometry import face_box
from realtime.motion.stabiliser import Stabilised, Stabiliser, StabiliserConfig, warp_crop
from realtime.spotting.onset import DetectorState
from realtime.spotting.person_profile import Profile
from realtime.spotting.spotter import Finding, Spotter, SpotterConfig
from realtime.spotting.verifier import Verifier

_SAME = np.eye(2, 3)
_KEEP_NS = 2_000_000_000  # crops kept: an event and the wait for its flag


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """One frame as the watcher kept it."""

    seq: int
    t_ns: int
    crop: NDArray[np.uint8]  # (224, 224) grey
    onward: NDArray[np.float64]  # (2, 3) its pixels to those of the crops that follow
    face_box: Box


class FacePipeline:
    """Watches the face with one id; made when it is found, dropped when it is lost."""

    def __init__(
        self,
        face_id: int,
        stabiliser: StabiliserConfig,
        spotter: SpotterConfig,
        verifier: Verifier | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.face_id = face_id
        self.spotter = Spotter(spotter, verifier, profile)
        self.stabilised: Stabilised | None = None  # the newest frame's
        self._stabiliser = Stabiliser(stabiliser)
        self._looks: deque[KeptFrame] = deque()

    def reset(self) -> None:
        """Learn this face at rest again."""
        self._stabiliser.reset()
        self.spotter.reset()
        self._looks.clear()

    def align(self, frame: Frame, grey: NDArray[np.uint8], face: Face) -> Stabilised:
        """First half of a frame's work: the aligned crop."""
        self.stabilised = stabilised = self._stabiliser.align(frame.t_ns, grey, face)
        box = face_box(face.landmarks)
        look = KeptFrame(frame.seq, frame.t_ns, stabilised.crop, stabilised.onward, box)
        self._looks.append(look)
        while frame.t_ns - self._looks[0].t_ns > _KEEP_NS:
            self._looks.popleft()
        return stabilised

    def spot(self, stabilised: Stabilised, face: Face) -> tuple[Finding, ...]:
        """Second half: what moved."""
        return self.spotter.update(stabilised, face)

    def assessable(self, verdict: Assessable) -> Assessable:
        """The verdict on the newest frame, and what speaks against the face's motion besides."""
        if verdict is not Assessable.YES:
            return verdict
        if self.stabilised is not None and not self.stabilised.steady:
            return Assessable.UNSTABLE
        if self.spotter.occluded:
            return Assessable.OCCLUDED
        if self.spotter.compressed:
            return Assessable.COMPRESSED
        if self.spotter.state is DetectorState.LEARNING:
            return Assessable.SETTLING
        return verdict

    def look(self, t_ns: int) -> KeptFrame:
        """The kept frame nearest to a time."""
        return min(self._looks, key=lambda look: abs(look.t_ns - t_ns))

    def frame_number(self, t_ns: int) -> int:
        """The frame nearest to a time; one that has yet to come is counted at the present rate."""
        newest, oldest = self._looks[-1], self._looks[0]
        if t_ns <= newest.t_ns or newest is oldest:
            return self.look(t_ns).seq
        rate = (newest.seq - oldest.seq) / (newest.t_ns - oldest.t_ns)
        return newest.seq + round((t_ns - newest.t_ns) * rate)

    def pair(self, finding: Finding) -> NDArray[np.float32]:
        """Onset and apex crops for the network, aligned alike, (2, 224, 224) in [0, 1]."""
        onset, apex = self.look(finding.onset_ns), self.look(finding.apex_ns)
        crop = onset.crop
        for look in self._looks:
            if onset.t_ns <= look.t_ns < apex.t_ns and not np.array_equal(look.onward, _SAME):
                crop = warp_crop(crop, look.onward)
        return np.stack([crop, apex.crop]).astype(np.float32) / np.float32(255)
