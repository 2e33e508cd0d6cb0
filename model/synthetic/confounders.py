"""All else a face and a camera do between two frames: what an event must be told apart from.

Called by the generator.  Pixels of the 224 × 224 crop; grey levels are float32, 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.identity import field_from_points, smooth_noise
from realtime.action_units import Field, displacement_field, lid_field, warp
from realtime.face.geometry import CROP_EYES, CROP_IOD, CROP_SIZE, RIGID_POINTS

_SIZE = (CROP_SIZE, CROP_SIZE)


def residual_head_motion(
    rng: np.random.Generator, landmarks: NDArray[np.floating], turn_degrees: float
) -> Field:
    """What alignment leaves of a head's motion: a small similarity, and parallax.

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


def mouth_motion(
    rng: np.random.Generator, landmarks: NDArray[np.floating], peak_iod: float
) -> Field:
    """Lips and jaw of someone who speaks, swallows or moistens the lips."""
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
class Camera:
    """One camera's faults during one pair; noise and compression differ from frame to frame."""

    scale: float  # pixels of the sensor per pixel of the crop
    blur_px: float
    noise: float  # standard deviation, grey levels
    quality: int  # JPEG; 0 is none

    @staticmethod
    def draw(rng: np.random.Generator) -> Camera:
        return Camera(
            scale=float(rng.uniform(0.45, 1.0)) if rng.random() < 0.5 else 1.0,
            blur_px=float(rng.uniform(0.4, 1.1)) if rng.random() < 0.4 else 0.0,
            noise=float(np.exp(rng.uniform(np.log(0.5), np.log(5.0)))),
            quality=int(rng.integers(50, 96)) if rng.random() < 0.75 else 0,
        )

    def take(self, rng: np.random.Generator, scene: NDArray[np.float32]) -> NDArray[np.uint8]:
        side = round(CROP_SIZE * self.scale)
        seen = scene
        if self.blur_px:
            seen = cv2.GaussianBlur(seen, (0, 0), self.blur_px)
        if self.scale < 1:
            seen = cv2.resize(seen, (side, side), interpolation=cv2.INTER_AREA)
        # Shot noise: bright pixels vary more.
        spread = self.noise * np.sqrt(0.4 + 0.6 * np.clip(seen, 0, 255) / 128)
        seen = seen + spread * rng.standard_normal(seen.shape, np.float32)
        image = np.clip(np.rint(seen), 0, 255).astype(np.uint8)
        if self.quality:
            _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            image = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
        if self.scale < 1:
            image = cv2.resize(image, _SIZE, interpolation=cv2.INTER_CUBIC)
        return np.asarray(image, np.uint8)


def relight(
    rng: np.random.Generator, face: NDArray[np.float32], step: float
) -> NDArray[np.float32]:
    """Auto-exposure and passing shadows: a gain near 1 and a faint gradient of it."""
    gain = 1 + rng.normal(0, step) + 0.4 * step * smooth_noise(rng, 3, 1)[..., 0]
    return np.asarray(face * gain, np.float32)
