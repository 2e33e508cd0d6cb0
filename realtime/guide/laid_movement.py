"""A movement of known size, laid onto the picture of a person at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.demo.screenplay import Movement
from realtime.face.action_units import displacement_field, warp
from realtime.face.geometry import inter_ocular

_BEYOND_IOD = 0.9  # outside the landmarks no action unit moves a hundredth of a pixel


@dataclass(frozen=True, slots=True)
class LaidMovement:
    """Action units that rise and fall once.

    Args:
        words: what a person calls it.
        units: action units with their relative strengths.
        peak_iod: displacement of the point that moves most, at the apex, share of the IOD.
        movement: when, seconds.
    """

    words: str
    units: tuple[tuple[str, float], ...]
    peak_iod: float
    movement: Movement


def lay(
    image: NDArray[np.uint8], landmarks: NDArray[np.floating], laid: LaidMovement, t_s: float
) -> NDArray[np.uint8]:
    """The picture (h, w, 3) as it were if the face moved so; itself outside the movement.

    Args:
        landmarks: (478, 3) of the face, pixels of the picture.
    """
    peak_iod = laid.peak_iod * laid.movement.strength(t_s)
    if peak_iod <= 0:
        return image
    points = np.asarray(landmarks, np.float64)[:, :2]
    beyond = _BEYOND_IOD * inter_ocular(landmarks)
    x, y = np.maximum(np.floor(points.min(axis=0) - beyond), 0).astype(int)
    right, bottom = np.minimum(np.ceil(points.max(axis=0) + beyond).astype(int), image.shape[1::-1])
    part = image[y:bottom, x:right]
    field = displacement_field(
        dict(laid.units), points - (x, y), (bottom - y, right - x), peak_iod=peak_iod
    )
    moved = image.copy()
    moved[y:bottom, x:right] = warp(part, field)
    return moved
