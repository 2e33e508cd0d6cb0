"""One face in one frame: the output of a face tracker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, right, bottom, pixels of a frame


@dataclass(frozen=True, slots=True)
class FaceSigns:
    """Signs of the face that confound spotting, as shares of a full movement, about [0, 1]."""

    blink_left: float  # the person's own left
    blink_right: float
    gaze_x: float  # -1 to the person's right .. 1 to the left, mean of both eyes
    gaze_y: float  # -1 down .. 1 up
    jaw_open: float


@dataclass(frozen=True, slots=True)
class Face:
    id: int  # counter of this session; a face that was lost and detected again gets a new one
    landmarks: NDArray[np.float32]  # (478, 3) x, y in frame pixels, z the same scale, away > 0
    score: float  # presence, [0, 1]
    signs: FaceSigns


class FaceTracker(Protocol):
    """Detects and tracks faces.  Pure but for its own memory: no clock, no thread, no file."""

    def track(self, t_ns: int, image: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Faces of one BGR frame (h, w, 3), largest first; empty if there is none."""

    def give_up(self, face_id: int) -> None:
        """Follow this face no longer, and do not wait for it."""

    def reset(self) -> None:
        """Forget every face; the next ones get new ids."""
