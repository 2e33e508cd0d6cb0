"""Draws one frame: the portrait under a skin displacement, a head pose and sensor noise.

One pass over the frame does all three, about 4 ms at 640×480.  The portrait is kept at twice
the frame's resolution: bilinear sampling of it moves detail by the right hundredths of a pixel
and does not blur it more at some positions than at others.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.action_units import Field
from realtime.face.geometry import eye_centres

_FINER = 2  # pixels of the kept portrait to one of the frame
_MARGIN_IOD = 0.35  # kept beyond the frame's border for the sway
_EYES_AT = (0.5, 0.42)  # where the middle of the eyes lies, shares of the frame
_IOD_SHARE = 0.1375  # of the width of a 4:3 frame: 88 px of 640
_NOISE_SIGMA = 2.0  # grey levels
_NOISE_FIELDS, NOISE_ROLL = 4, 64  # fields, and pixels each may be shifted by, both ways
_NOISE_UNIT = 16  # steps of the stored noise to a grey level


@dataclass(frozen=True, slots=True)
class Skin:
    """A displacement of part of the resting frame; beyond it nothing moves."""

    field: Field  # (h, w, 2) pixels at full strength
    corner: tuple[int, int]  # x, y of its first pixel in the frame
    strength: float = 1.0


class Picture:
    """The portrait as it is seen in a frame of `size` (width, height)."""

    def __init__(
        self,
        image: NDArray[np.uint8],
        landmarks: NDArray[np.floating],
        size: tuple[int, int],
        rng: np.random.Generator,
    ) -> None:
        width, height = size
        right, left = eye_centres(landmarks)
        self.size = size
        self.iod = _IOD_SHARE * min(width, height * 4 / 3)
        scale = self.iod / float(np.hypot(*(left - right)))
        eyes = np.array([width, height]) * _EYES_AT
        self.landmarks = np.asarray(landmarks, np.float64) * scale
        self.landmarks[:, :2] += eyes - scale * (right + left) / 2

        self._margin = round(_MARGIN_IOD * self.iod)
        shift = eyes + self._margin - scale * (right + left) / 2
        self._finer = np.asarray(
            cv2.warpAffine(
                image,
                _FINER * np.column_stack([np.eye(2) * scale, shift]),
                (_FINER * (width + 2 * self._margin), _FINER * (height + 2 * self._margin)),
                flags=cv2.INTER_LANCZOS4,
                borderMode=cv2.BORDER_REFLECT_101,
            ),
            np.uint8,
        )
        shape = (height + NOISE_ROLL, width + NOISE_ROLL, 3)
        self._noise = np.empty((_NOISE_FIELDS, *shape), np.int8)
        noise = np.empty(shape, np.float32)
        for field in self._noise:
            rng.standard_normal(out=noise, dtype=np.float32)
            noise *= _NOISE_SIGMA * _NOISE_UNIT
            np.clip(np.rint(noise, out=noise), -127, 127, out=field, casting="unsafe")

    def draw(
        self, pose: NDArray[np.float64], skin: Skin | None, noise: tuple[int, int, int]
    ) -> NDArray[np.uint8]:
        """One frame (h, w, 3).

        Args:
            pose: affine (2, 3) from the resting frame to the moved one.
            skin: how the face has moved; None is at rest.
            noise: which field, and its shift down and right below NOISE_ROLL.
        """
        width, height = self.size
        back = np.asarray(cv2.invertAffineTransform(pose), np.float32)
        which, down, along = noise
        grain = self._noise[which % _NOISE_FIELDS, down : down + height, along : along + width]
        frame = np.empty((height, width, 3), np.uint8)
        if skin is None:
            skin = Skin(np.zeros((0, 0, 2), np.float32), (0, 0), 0.0)
        placed = np.array([*skin.corner, skin.strength], np.float32)
        _draw(self._finer, back, skin.field, placed, grain, np.float32(self._margin), frame)
        return frame


@njit(nogil=True, cache=True, fastmath=True)
def _draw(
    finer: NDArray[np.uint8],
    back: NDArray[np.float32],
    skin: NDArray[np.float32],
    placed: NDArray[np.float32],
    grain: NDArray[np.int8],
    margin: np.float32,
    frame: NDArray[np.uint8],
) -> None:  # pragma: no cover - compiled
    height, width = frame.shape[:2]
    last_x, last_y = np.float32(finer.shape[1] - 1.001), np.float32(finer.shape[0] - 1.001)
    half, grain_unit = np.float32(0.5), np.float32(1 / _NOISE_UNIT)
    zero, one, most = np.float32(0), np.float32(1), np.float32(255)
    corner_x, corner_y, strength = placed
    skin_width, skin_height = np.float32(skin.shape[1] - 1), np.float32(skin.shape[0] - 1)
    for row in range(height):
        for column in range(width):
            x = back[0, 0] * column + back[0, 1] * row + back[0, 2]
            y = back[1, 0] * column + back[1, 1] * row + back[1, 2]
            u, v = x - corner_x, y - corner_y
            if zero <= u < skin_width and zero <= v < skin_height:
                i, j = int(u), int(v)
                a, b = u - np.float32(i), v - np.float32(j)
                p, q = (one - a) * (one - b), a * (one - b)
                r, s = (one - a) * b, a * b
                dx = p * skin[j, i, 0] + q * skin[j, i + 1, 0]
                dx += r * skin[j + 1, i, 0] + s * skin[j + 1, i + 1, 0]
                dy = p * skin[j, i, 1] + q * skin[j, i + 1, 1]
                dy += r * skin[j + 1, i, 1] + s * skin[j + 1, i + 1, 1]
                x -= strength * dx
                y -= strength * dy
            # `warpAffine` laid pixel x of the frame at exactly _FINER * (x + margin).
            x = min(max((x + margin) * np.float32(_FINER), zero), last_x)
            y = min(max((y + margin) * np.float32(_FINER), zero), last_y)
            i, j = int(x), int(y)
            a, b = x - np.float32(i), y - np.float32(j)
            p, q = (one - a) * (one - b), a * (one - b)
            r, s = (one - a) * b, a * b
            for c in range(3):
                grey = p * finer[j, i, c] + q * finer[j, i + 1, c]
                grey += r * finer[j + 1, i, c] + s * finer[j + 1, i + 1, c]
                grey += grain_unit * grain[row, column, c] + half
                frame[row, column, c] = np.uint8(min(max(grey, zero), most))
