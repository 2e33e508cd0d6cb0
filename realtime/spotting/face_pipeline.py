"""One face from frames to candidates: stabilise, measure the regions, find; start again on gaps.

The same for the live path, for training, for calibration and for the benchmarks, so that none sees
a face in another way.  The verifier and the spotter stand on top (`face_spotter`).

Pure; no clock, no thread, no file.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from realtime.face.face import Face
from realtime.motion.region_motion import MIN_NCC, Motion, RegionMotion
from realtime.motion.regions import REGIONS, Stream
from realtime.motion.stabiliser import Stabilised, Stabiliser, StabiliserConfig
from realtime.spotting.apex import ApexConfig
from realtime.spotting.candidates import CandidateFinder, MeasuredCandidate, always
from realtime.spotting.frame_channels import FrameChannels
from realtime.spotting.onset_config import OnsetConfig

_OPEN = np.array([i for i, r in enumerate(REGIONS) if r.stream is not Stream.LIDS])
_COVERED = 1 / 3  # of the regions
_PERIOD_SHARE = 0.1  # of a new period in the running mean


class FacePipeline:
    """Follows one face.

    Nothing is carried over a loss of the face, another face's appearance, or a silence longer
    than `StabiliserConfig.max_gap_s`: after them the noise is measured again.

    Args:
        noise_px: (31, 2) noise of the regions' pulses, where it is known from before.
        motion: another way to measure the regions than the usual one.
    """

    def __init__(
        self,
        stabiliser: StabiliserConfig | None = None,
        onset: OnsetConfig | None = None,
        apex: ApexConfig | None = None,
        *,
        noise_px: NDArray[np.float64] | None = None,
        motion: RegionMotion | None = None,
    ) -> None:
        self.finder = CandidateFinder(onset, apex, noise_px)
        self._stabiliser = Stabiliser(stabiliser)
        self._motion = motion or RegionMotion()
        self._channels = FrameChannels()
        self._last: tuple[int, int] | None = None  # face and time of the newest frame
        self.reset()

    def reset(self) -> None:
        """Forget the face, or learn it at rest again."""
        self._stabiliser.reset()
        self._motion.reset()
        self._channels.reset()
        self.finder.reset()
        self._last = None
        self.began_ns: int | None = None  # first frame since the last interruption
        self.stabilised: Stabilised | None = None  # the newest frame
        self.motion: Motion | None = None  # its regions
        self.period_s = 0.0  # from frame to frame, running mean; 0 before the second frame

    def is_interrupted(self, t_ns: int, face: Face) -> bool:
        """Whether nothing connects a frame to the one before: another face, or time was lost."""
        if self._last is None:
            return False
        known, last_ns = self._last
        return face.id != known or t_ns - last_ns > self._stabiliser.config.max_gap_s * 1e9

    def follow(
        self, t_ns: int, grey: NDArray[np.uint8], face: Face | None
    ) -> list[MeasuredCandidate]:
        """The whole of a frame's work: the candidates that it completes.

        Args:
            grey: the frame (h, w).
            face: None without a face, or without an assessable one.
        """
        if face is None:
            self.reset()
            return []
        return self.find(self.align(t_ns, grey, face), face)

    def align(self, t_ns: int, grey: NDArray[np.uint8], face: Face) -> Stabilised:
        """First part: the aligned crop.  Starts again after an interruption."""
        if self.is_interrupted(t_ns, face):
            self.reset()
        if self._last is not None:
            period_s = (t_ns - self._last[1]) / 1e9
            known_s = self.period_s or period_s
            self.period_s = known_s + _PERIOD_SHARE * (period_s - known_s)
        self._last = face.id, t_ns
        self.began_ns = t_ns if self.began_ns is None else self.began_ns
        self.stabilised = stabilised = self._stabiliser.align(t_ns, grey, face)
        return stabilised

    def find(
        self, stabilised: Stabilised, face: Face, wants_late: Callable[[int], bool] = always
    ) -> list[MeasuredCandidate]:
        """Second part: what moved.  `wants_late` as in `CandidateFinder.find`."""
        return self.finder.find(stabilised.t_ns, self.measure(stabilised, face), wants_late)

    def measure(self, stabilised: Stabilised, face: Face) -> NDArray[np.float64]:
        """The frame's values (CHANNELS,), without looking for candidates: a series is recorded."""
        self.motion = motion = self._motion.measure(stabilised)
        return self._channels.values(stabilised, face, motion)

    @property
    def is_occluded(self) -> bool:
        """Whether a third of the regions, lids aside, were not found in the newest frame."""
        if self.motion is None:
            return False
        return float((self.motion.ncc[_OPEN] < MIN_NCC).mean()) > _COVERED
