"""Can this face be judged now, and if not, why.

Pure functions of one face and one frame; the words for the user are `Assessable`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.face import Face
from realtime.face.geometry import CANONICAL, RIGID_POINTS, face_box, face_pixels, inter_ocular

_MODEL = CANONICAL[RIGID_POINTS].astype(np.float64)
_MODEL -= _MODEL.mean(axis=0)  # centred: what is fitted to it need not be
_SWEEPS, _UPRIGHT = 8, 1e-15  # of Jacobi's rotations; each sweep squares what is left


class Assessable(Enum):
    """Whether the face can be judged now; every value but YES leaves its seconds out of rates."""

    YES = "assessable"
    NO_FACE = "no face"
    TOO_SMALL = "face too small"
    TOO_DARK = "too dark"
    TURNED_AWAY = "turned away"
    CUT_OFF = "partly out of the picture"
    LOW_RATE = "under 15 fps"
    UNSTABLE = "head moving too fast"
    OCCLUDED = "face covered"
    COMPRESSED = "video too compressed"
    SETTLING = "learning this face at rest"


@dataclass(frozen=True, slots=True)
class AssessConfig:
    # A movement of 1 % IOD is 0.3 px of the frame at 32 px; less drowns in a webcam's compression.
    min_iod_px: float = 32.0
    min_grey: float = 35.0  # mean of the face; below it sensor noise swamps the texture
    min_contrast: float = 8.0  # standard deviation of the face, grey levels
    max_turn_deg: float = 30.0  # beyond it half of the face is foreshortened away
    max_outside: float = 0.2  # of the face's box; beyond it regions of one side are missing
    min_fps: float = 14.5  # 15, and what a measured rate may be off
    leeway: float = 0.1  # how far past a limit a face stays judged, share of it


@dataclass(frozen=True, slots=True)
class HeadAngles:
    """Degrees; 0, 0, 0 faces the camera."""

    yaw: float  # positive: turned to the person's left
    pitch: float  # positive: looking up
    roll: float  # positive: tilted clockwise in the picture


def assess(
    face: Face | None,
    grey: NDArray[np.uint8],
    fps: float,
    config: AssessConfig | None = None,
    *,
    judged: bool = False,
) -> Assessable:
    """Judge one frame (h, w).

    Args:
        fps: 0 means not measured yet.
        judged: whether this face was judged on the frame before.  It stays so a little past the
            limits: at one of them it would come and go, and each time be learned anew.
    """
    config = config or AssessConfig()
    leeway = config.leeway if judged else 0.0
    if face is None:
        return Assessable.NO_FACE
    if inter_ocular(face.landmarks) < config.min_iod_px * (1 - leeway):
        return Assessable.TOO_SMALL
    angles = head_angles(face.landmarks)
    if max(abs(angles.yaw), abs(angles.pitch)) > config.max_turn_deg * (1 + leeway):
        return Assessable.TURNED_AWAY
    seen = face_pixels(grey, face.landmarks)
    left, top, right, bottom = face_box(face.landmarks)
    whole = (right - left) * (bottom - top)
    if seen.size < (1 - config.max_outside * (1 + leeway)) * whole:
        return Assessable.CUT_OFF
    skin = seen[::4, ::4]  # every fourth pixel tells the same
    light, contrast = skin.mean() / (1 - leeway), skin.std() / (1 - leeway)
    if light < config.min_grey or contrast < config.min_contrast:
        return Assessable.TOO_DARK
    if 0 < fps < config.min_fps:
        return Assessable.LOW_RATE
    return Assessable.YES


def head_angles(landmarks: NDArray[np.floating]) -> HeadAngles:
    """Rotation of the canonical face that best explains landmarks (478, 3) (Kabsch)."""
    points = np.ascontiguousarray(landmarks, np.float64)
    rotation = _nearest_rotation(_moments(points, RIGID_POINTS, _MODEL))
    (right_x, _, forward_x), (right_y, _, forward_y), (_, _, forward_z) = rotation.tolist()
    # the face looks along -z: where that axis points gives yaw and pitch
    return HeadAngles(
        yaw=math.degrees(math.atan2(-forward_x, forward_z)),
        pitch=math.degrees(math.asin(min(max(forward_y, -1.0), 1.0))),
        roll=math.degrees(math.atan2(right_y, right_x)),
    )


@njit(nogil=True, cache=True)
def _moments(points, used, model):  # type: ignore[no-untyped-def]
    """(3, 3) points[used]ᵀ · model."""
    moments = np.zeros((3, 3))
    for k in range(len(used)):
        for i in range(3):
            for j in range(3):
                moments[i, j] += points[used[k], i] * model[k, j]
    return moments


@njit(nogil=True, cache=True)
def _nearest_rotation(moments):  # type: ignore[no-untyped-def]
    """The rotation U·Vᵀ of a (3, 3) matrix U·S·Vᵀ, by Jacobi's rotations of its columns.

    V is made of rotations.  So is U, once its least certain column is the other two's cross
    product: that turns a mirror image into the best rotation, and a flat face into the flat's.
    """
    u, v = moments.copy(), np.eye(3)
    for _ in range(_SWEEPS):
        for p, q in ((0, 1), (0, 2), (1, 2)):
            pp = qq = pq = 0.0
            for i in range(3):
                pp += u[i, p] ** 2
                qq += u[i, q] ** 2
                pq += u[i, p] * u[i, q]
            if pq**2 <= _UPRIGHT**2 * pp * qq:
                continue
            half = (qq - pp) / (2 * pq)
            t = np.copysign(1.0, half) / (abs(half) + np.hypot(1.0, half))
            c = 1.0 / np.hypot(1.0, t)
            for side in (u, v):
                for i in range(3):
                    x, y = side[i, p], side[i, q]
                    side[i, p], side[i, q] = c * x - c * t * y, c * t * x + c * y
    size, last = np.zeros(3), 0
    for j in range(3):
        size[j] = np.sqrt(u[0, j] ** 2 + u[1, j] ** 2 + u[2, j] ** 2)
        if size[j] < size[last]:
            last = j
    one, two = (last + 1) % 3, (last + 2) % 3
    for i in range(3):
        u[i, one] /= max(size[one], 1e-12)
        u[i, two] /= max(size[two], 1e-12)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        u[i, last] = u[j, one] * u[k, two] - u[k, one] * u[j, two]
    rotation = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for k in range(3):
                rotation[i, j] += u[i, k] * v[j, k]
    return rotation
