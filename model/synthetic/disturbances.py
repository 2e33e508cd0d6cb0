"""Disturbances between two frames: everything but the event that face, head and light do.

Called by the generator.  Pixels of the 224 × 224 crop; grey levels are float32, 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.identity import field_from_points, smooth_noise
from realtime.face.action_units import Field, displacement_field, lid_field, warp
from realtime.face.geometry import CROP_EYES, CROP_IOD, CROP_SIZE, RIGID_POINTS, eye_centres

_SIZE = (CROP_SIZE, CROP_SIZE)


def residual_head_motion(
    rng: np.random.Generator, landmarks: NDArray[np.floating], turn_degrees: float
) -> Field:
    """Residual head motion after alignment: a small similarity, and parallax.

    A similarity cannot undo a turn of the head: skin nearer the camera than the points that
    alignment rests on moves further.  `turn_degrees` is the deviation of yaw and pitch.
    """
    y, x = np.mgrid[:CROP_SIZE, :CROP_SIZE].astype(np.float32)
    shift = np.clip(rng.normal(0, 0.25, 2), -1, 1)
    turn, growth = rng.normal(0, 0.003), rng.normal(0, 0.002)
    x, y = x - CROP_EYES[0], y - CROP_EYES[1]
    field = np.stack([shift[0] + growth * x - turn * y, shift[1] + turn * x + growth * y], axis=-1)
    yaw, pitch = np.radians(rng.normal(0, turn_degrees, 2))
    depth = landmarks[:468, 2] - landmarks[RIGID_POINTS, 2].mean()
    nearer = -depth[:, None] * np.array([yaw, pitch])
    parallax = field_from_points(landmarks[:468, :2], nearer, 0.08 * CROP_IOD)
    return (field + parallax).astype(np.float32)


def vary(rng: np.random.Generator, field: Field) -> Field:
    """One person's way of making a movement: stronger here, weaker there, a little askew."""
    gain = np.exp(0.2 * smooth_noise(rng, 4, 1)[..., 0])
    angle = 0.2 * smooth_noise(rng, 4, 1)[..., 0]
    x, y = field[..., 0], field[..., 1]
    turned = [np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y]
    return np.asarray(gain[..., None] * np.stack(turned, axis=-1), np.float32)


def mouth_motion(
    rng: np.random.Generator, landmarks: NDArray[np.floating], peak_iod: float
) -> Field:
    """Lips and jaw of a speaking person, or of one who swallows or moistens the lips."""
    units = {
        unit: float(rng.uniform(-0.4, 1))
        for unit in ("20", "23", "24", "25", "26")
        if rng.random() < 0.5
    }
    return displacement_field(units or {"25": 1.0}, landmarks, _SIZE, peak_iod=peak_iod)


def gaze_shift(rng: np.random.Generator, landmarks: NDArray[np.floating]) -> Field:
    """Both irises move alike inside the lids."""
    way = rng.normal(0, [0.05, 0.02]) * CROP_IOD
    y, x = np.mgrid[:CROP_SIZE, :CROP_SIZE].astype(np.float32)
    field = np.zeros((*_SIZE, 2), np.float32)
    for iris in (468, 473):
        across = (x - landmarks[iris, 0]) / (0.12 * CROP_IOD)
        down = (y - landmarks[iris, 1]) / (0.055 * CROP_IOD)
        field += np.exp(-0.5 * (across**2 + down**2))[..., None] * way.astype(np.float32)
    return field


def close_lids(
    face: NDArray[np.float32], landmarks: NDArray[np.floating], closures: tuple[float, float]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(face with its right and left lid so far closed, where skin now hides what was there)."""
    if max(closures) <= 0:
        return face, np.zeros(_SIZE, bool)
    field = lid_field(landmarks, _SIZE, "right", closures[0])
    field += lid_field(landmarks, _SIZE, "left", closures[1])
    return warp(face, field), field[..., 1] != 0


@dataclass(frozen=True, slots=True)
class Glasses:
    """Rims in front of the eyes: they go with the head and hide the skin that moves behind them."""

    rim: NDArray[np.float32]  # (224, 224) opacity, 0 to 1
    grey: float

    @staticmethod
    def draw(rng: np.random.Generator, landmarks: NDArray[np.floating]) -> Glasses:
        rim = np.zeros(_SIZE, np.float32)
        centres = eye_centres(landmarks) + np.array([0.0, rng.uniform(0.0, 0.1) * CROP_IOD])
        half = CROP_IOD * rng.uniform([0.30, 0.22], [0.42, 0.36])
        round_ = rng.random() < 0.6
        thick = int(rng.integers(1, 5))
        ends = []
        for centre, outward in zip(centres, (-1, 1), strict=True):
            middle = centre + np.array([outward * 0.05 * CROP_IOD, 0])
            low, high = np.rint(middle - half).astype(int), np.rint(middle + half).astype(int)
            if round_:
                box = (tuple(map(float, middle)), tuple(map(float, 2 * half)), 0.0)
                cv2.ellipse(rim, box, 1.0, thick, cv2.LINE_AA)
            else:
                cv2.rectangle(rim, low.tolist(), high.tolist(), 1.0, thick)
            ends.append(middle - np.array([outward * half[0], 0]))
        bridge = np.rint(ends).astype(int)
        cv2.line(rim, bridge[0].tolist(), bridge[1].tolist(), 1.0, thick, cv2.LINE_AA)
        rim = cv2.GaussianBlur(rim, (0, 0), 0.7) * np.float32(rng.uniform(0.5, 1.0))
        return Glasses(rim, float(rng.choice([20.0, 50.0, 190.0])))

    def put_on(self, face: NDArray[np.float32], head: Field) -> NDArray[np.float32]:
        """The face behind the rims, which have moved by `head`."""
        rim = np.clip(warp(self.rim, head), 0, 1)
        return np.asarray(face * (1 - rim) + self.grey * rim, np.float32)


def flicker(rng: np.random.Generator, face: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mains light under a rolling shutter: bands that stand elsewhere in every frame."""
    rows = np.arange(CROP_SIZE, dtype=np.float32)[:, None] / CROP_SIZE
    wave = np.sin(2 * np.pi * (rng.uniform(0.5, 2.5) * rows + rng.random()))
    return np.asarray(face * (1 + rng.uniform(0.005, 0.03) * wave), np.float32)


def relight(
    rng: np.random.Generator, face: NDArray[np.float32], step: float
) -> NDArray[np.float32]:
    """Auto-exposure and passing shadows: a gain near 1 and a faint gradient of it."""
    gain = 1 + rng.normal(0, step) + 0.4 * step * smooth_noise(rng, 3, 1)[..., 0]
    return np.asarray(face * gain, np.float32)
