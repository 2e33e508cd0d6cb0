"""New faces from a few portraits: two of them blended in mesh space, reshaped and relit.

Called by the generator.  Pixels of the 224 × 224 crop; grey levels are float32, 0 to 255.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.portraits import Portrait
from realtime.face.action_units import Field, warp
from realtime.face.geometry import CANONICAL, CROP_IOD, CROP_SIZE

_CELL = 4  # grid cell of the landmark fields, pixels; their blur spans several


def field_from_points(
    points: NDArray[np.floating], values: NDArray[np.floating], reach_px: float
) -> NDArray[np.float32]:
    """Values (n, c) at landmarks (n, 2), spread smoothly over the crop: (224, 224, c).

    Normalised convolution; it falls to zero away from the face.
    """
    cells = CROP_SIZE // _CELL
    column = np.clip(points[:, 0] / _CELL, 0, cells - 1).astype(np.intp)
    row = np.clip(points[:, 1] / _CELL, 0, cells - 1).astype(np.intp)
    total = np.zeros((cells, cells, values.shape[1] + 1), np.float32)
    weighted = np.column_stack([values, np.ones(len(values))]).astype(np.float32)
    np.add.at(total, (row, column), weighted)
    total = cv2.GaussianBlur(total, (0, 0), reach_px / _CELL, borderType=cv2.BORDER_CONSTANT)
    coarse = total[..., :-1] / (total[..., -1:] + 0.02)
    fine = cv2.resize(coarse, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(fine.reshape(CROP_SIZE, CROP_SIZE, -1))


def smooth_noise(rng: np.random.Generator, cells: int, channels: int) -> NDArray[np.float32]:
    """Random smooth field of unit variance at its knots, (224, 224, channels)."""
    knots = rng.standard_normal((cells, cells, channels)).astype(np.float32)
    fine = cv2.resize(knots, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine, np.float32).reshape(CROP_SIZE, CROP_SIZE, channels)


def draw_identity(
    rng: np.random.Generator, portraits: Sequence[Portrait]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(face (224, 224) float32, landmarks (478, 3)) of a person no portrait shows."""
    first = portraits[int(rng.integers(len(portraits)))]
    face, landmarks = first.crop.astype(np.float32), first.landmarks
    if len(portraits) > 1 and rng.random() < 0.6:
        second = portraits[int(rng.integers(len(portraits)))]
        share = rng.uniform(0.15, 0.85)
        landmarks = (1 - share) * first.landmarks + share * second.landmarks
        face = (1 - share) * _reshape(first, landmarks) + share * _reshape(second, landmarks)
    if rng.random() < 0.5:
        face, landmarks = _mirror(face, landmarks)
    bend = 0.03 * CROP_IOD * smooth_noise(rng, 5, 2)
    face = warp(face, bend)
    landmarks = landmarks.copy()
    column, row = np.clip(np.rint(landmarks[:, :2]), 0, CROP_SIZE - 1).astype(np.intp).T
    landmarks[:, :2] += bend[row, column]
    return _relight(rng, face), landmarks.astype(np.float32)


def _reshape(portrait: Portrait, landmarks: NDArray[np.floating]) -> NDArray[np.float32]:
    way = landmarks[:, :2] - portrait.landmarks[:, :2]
    field: Field = field_from_points(landmarks[:, :2], way, 0.1 * CROP_IOD)
    return warp(portrait.crop.astype(np.float32), field)


def _relight(rng: np.random.Generator, face: NDArray[np.float32]) -> NDArray[np.float32]:
    shading = 1 + 0.15 * smooth_noise(rng, 3, 1)[..., 0]
    unit = np.clip(face / 255 * shading, 0, 1) ** rng.uniform(0.7, 1.4)
    gain, offset = rng.uniform(0.65, 1.05), rng.uniform(0, 25)
    return np.clip(255 * gain * unit + offset, 0, 255).astype(np.float32)


def _mirror(
    face: NDArray[np.float32], landmarks: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.ascontiguousarray(face[:, ::-1]), mirror_landmarks(landmarks)


def mirror_landmarks(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Landmarks (478, 2+) of the mirrored crop, each under its counterpart's number."""
    mirrored = landmarks[MIRROR].copy()
    mirrored[:, 0] = CROP_SIZE - 1 - mirrored[:, 0]
    return mirrored


def _mirror_order() -> NDArray[np.intp]:
    """Index of each landmark's counterpart on the other half of the face, (478,)."""
    flipped = CANONICAL * np.array([-1, 1, 1])
    nearest = ((CANONICAL[None] - flipped[:, None]) ** 2).sum(axis=2).argmin(axis=1)
    # Irises: 468-472 on the person's right, 473-477 on the left; each its centre and then the
    # rim's right, top, left and bottom as seen in the picture.
    right, left = [468, 471, 470, 469, 472], [473, 476, 475, 474, 477]
    return np.concatenate([nearest, left, right])


MIRROR = _mirror_order()
