"""Where a head is and how it is turned, from the landmarks of its face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.geometry import CANONICAL, RIGID_POINTS, eye_centres

_MODEL = CANONICAL[RIGID_POINTS].astype(np.float64)
_MODEL -= _MODEL.mean(axis=0)  # centred: what is fitted to it need not be
_MODEL_SPREAD = float(np.sqrt((_MODEL**2).sum()))  # inter-ocular distances
_IOD_MM = 63.0  # of an adult, on average
# Focal length of a camera that nobody has calibrated, as OpenFace assumes it: 500 px at 640 × 480.
_FOCAL_WIDTHS, _FOCAL_HEIGHTS = 500 / 640, 500 / 480
_SWEEPS, _UPRIGHT = 8, 1e-15  # of Jacobi's rotations; each sweep squares what is left


@dataclass(frozen=True, slots=True)
class HeadAngles:
    """Degrees; 0, 0, 0 faces the camera."""

    yaw: float  # positive: turned to the person's left
    pitch: float  # positive: looking up
    roll: float  # positive: tilted clockwise in the picture


@dataclass(frozen=True, slots=True)
class HeadPosition:
    """Midpoint between the eyes as the camera sees it, mm: x right, y down, z away from it."""

    x_mm: float
    y_mm: float
    z_mm: float


def head_position(landmarks: NDArray[np.floating], width: int, height: int) -> HeadPosition:
    """Of a face of usual size, before a camera of usual focal length.

    Args:
        landmarks: (478, 3).
        width, height: of the frame, px.
    """
    points = np.asarray(landmarks[RIGID_POINTS], np.float64)
    iod_px = float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum())) / _MODEL_SPREAD
    focal_px = (_FOCAL_WIDTHS * width + _FOCAL_HEIGHTS * height) / 2
    mm_a_px = _IOD_MM / iod_px
    x, y = eye_centres(landmarks).mean(axis=0).tolist()
    return HeadPosition((x - width / 2) * mm_a_px, (y - height / 2) * mm_a_px, focal_px * mm_a_px)


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
