"""Can this face be judged now, and if not, why.

Pure functions of one face and one frame; the words for the user are `Assessable`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.face import Face
from realtime.face.geometry import CANONICAL, RIGID_POINTS, inter_ocular
from realtime.status import Assessable

_MODEL = CANONICAL[RIGID_POINTS].astype(np.float64)
_MODEL -= _MODEL.mean(axis=0)  # centred: what is fitted to it need not be


@dataclass(frozen=True, slots=True)
class AssessConfig:
    # A movement of 1 % IOD is 0.3 px of the frame at 32 px; less drowns in a webcam's compression.
    min_iod_px: float = 32.0
    min_grey: float = 35.0  # mean of the face; below it sensor noise swamps the texture
    min_contrast: float = 8.0  # standard deviation of the face, grey levels
    max_turn_deg: float = 30.0  # beyond it half of the face is foreshortened away
    min_fps: float = 24.5  # 25, and what a measured rate may be off


@dataclass(frozen=True, slots=True)
class HeadAngles:
    """Degrees; 0, 0, 0 faces the camera."""

    yaw: float  # positive: turned to the person's left
    pitch: float  # positive: looking up
    roll: float  # positive: tilted clockwise in the picture


def assess(
    face: Face | None, grey: NDArray[np.uint8], fps: float, config: AssessConfig | None = None
) -> Assessable:
    """Judge one frame (h, w); `fps` 0 means not measured yet."""
    config = config or AssessConfig()
    if face is None:
        return Assessable.NO_FACE
    if inter_ocular(face.landmarks) < config.min_iod_px:
        return Assessable.TOO_SMALL
    angles = head_angles(face.landmarks)
    if max(abs(angles.yaw), abs(angles.pitch)) > config.max_turn_deg:
        return Assessable.TURNED_AWAY
    skin = _face_box(face, grey)
    if skin.size == 0 or skin.mean() < config.min_grey or skin.std() < config.min_contrast:
        return Assessable.TOO_DARK
    if 0 < fps < config.min_fps:
        return Assessable.LOW_RATE
    return Assessable.YES


def head_angles(landmarks: NDArray[np.floating]) -> HeadAngles:
    """Rotation of the canonical face that best explains landmarks (478, 3) (Kabsch)."""
    points = np.ascontiguousarray(landmarks, np.float64)
    u, _, vt = np.linalg.svd(_moments(_MODEL, points, RIGID_POINTS))
    if np.linalg.det(u @ vt) < 0:
        u[:, 2] *= -1.0
    (right_x, _, forward_x), (right_y, _, forward_y), (_, _, forward_z) = (u @ vt).T.tolist()
    # the face looks along -z: where that axis points gives yaw and pitch
    return HeadAngles(
        yaw=math.degrees(math.atan2(-forward_x, forward_z)),
        pitch=math.degrees(math.asin(min(max(forward_y, -1.0), 1.0))),
        roll=math.degrees(math.atan2(right_y, right_x)),
    )


@njit(nogil=True, cache=True)
def _moments(model, points, used):  # type: ignore[no-untyped-def]
    """(3, 3) modelᵀ · points[used]."""
    moments = np.zeros((3, 3))
    for k in range(len(used)):
        for i in range(3):
            for j in range(3):
                moments[i, j] += model[k, i] * points[used[k], j]
    return moments


def _face_box(face: Face, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    low = np.maximum(face.landmarks[:, :2].min(axis=0), 0).astype(int)
    high = np.maximum(face.landmarks[:, :2].max(axis=0), 0).astype(int)
    return grey[low[1] : high[1] : 4, low[0] : high[0] : 4]  # every fourth pixel tells the same
