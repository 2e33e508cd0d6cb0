"""A face between two runs of the landmark network: the upper face carries its mesh along.

Called by the landmark tracker.  Where the network has placed a face, the skin between forehead and
nose is sampled; in each following frame the similarity is found that leads the samples back to
their values (inverse compositional Lucas–Kanade).  What differs then tells whether the mesh still
fits: over the skull, at the eyes, at the mouth.

Points are pixels of the aligned crop, counted from the middle of the eyes.  Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.affine import compose, inverse
from realtime.face.face import Face
from realtime.face.geometry import CROP_EYES, CROP_IOD, apply_transform, crop_transform

Array = NDArray[np.float64]

_STEPS = 8  # Gauss–Newton steps at most
_SETTLED_PX = 0.05  # 50 px from the eyes; the stabiliser's patches place the face finer
_SLOPE_PX = 1.5  # half the distance that slopes are taken over
_UNMOVED = np.eye(2, 3)
_FROM_EYES = np.array([[1.0, 0.0, CROP_EYES[0]], [0.0, 1.0, CROP_EYES[1]]])


def _grid(middle_x: float, half_x: int, top: int, bottom: int, step: int) -> Array:
    """(n, 2) points of a rectangle."""
    x, y = np.meshgrid(np.arange(-half_x, half_x + 1, step), np.arange(top, bottom + 1, step))
    return np.column_stack([middle_x + x.ravel(), y.ravel()]).astype(np.float64)


def _skull() -> Array:
    """Forehead to nose, without what lids and eyes move over."""
    points = _grid(0.0, 68, -42, 58, 3)
    off_eye_x = np.abs(np.abs(points[:, 0]) - CROP_IOD / 2)
    return points[(off_eye_x > 22) | (np.abs(points[:, 1]) > 13)]


_PARTS = (
    _skull(),
    _grid(-CROP_IOD / 2, 17, -10, 10, 2),
    _grid(CROP_IOD / 2, 17, -10, 10, 2),
    _grid(0.0, 30, 58, 112, 4),
)
_POINTS = np.concatenate(_PARTS)
_ENDS = np.cumsum([len(part) for part in _PARTS])


@dataclass(frozen=True, slots=True)
class Change:
    """How a frame's samples differ from those of the frame that the network has seen.

    Root mean square, share of the part's own contrast; light and its contrast may change.
    """

    skull: float
    eyes: float  # of the eye that changed more
    mouth: float

    def exceeds(self, most: Change) -> bool:
        return self.skull > most.skull or self.eyes > most.eyes or self.mouth > most.mouth


class HeldFace:
    """One face as the network has placed it at `t_ns` in a frame (h, w, 3)."""

    def __init__(self, t_ns: int, image: NDArray[np.uint8], face: Face) -> None:
        self.t_ns = t_ns
        self._seen = face
        self._to_frame = compose(inverse(crop_transform(face.landmarks)), _FROM_EYES)
        self._moved = _UNMOVED
        self._values = _sample(image, self._to_frame, _POINTS)
        skin = _POINTS[: _ENDS[0]]
        across, down = (
            _sample(image, self._to_frame, skin + reach)
            - _sample(image, self._to_frame, skin - reach)
            for reach in _SLOPE_PX * np.eye(2)
        )
        x, y = skin.T
        # by how much each sample changes with scale, roll and shift of the face
        slopes = np.stack([across * x + down * y, down * x - across * y, across, down])
        slopes = (slopes - slopes.mean(axis=1, keepdims=True)) / (2 * _SLOPE_PX)
        normal = slopes @ slopes.T + 1e-3 * np.eye(4)
        self._steps = np.linalg.solve(normal, slopes)  # (4, skin) a step for each sample's error

    def follow(self, image: NDArray[np.uint8]) -> tuple[Face, Change]:
        """The face in the next frame (h, w, 3), and how much else changed since `t_ns`."""
        self._moved, *changes = _follow(
            image, self._to_frame, _POINTS, _ENDS, self._values, self._steps, self._moved
        )
        seen = self._seen.landmarks
        onward = compose(compose(self._to_frame, self._moved), inverse(self._to_frame))
        landmarks = np.empty_like(seen)
        landmarks[:, :2] = apply_transform(onward, seen[:, :2])
        landmarks[:, 2] = seen[:, 2] * math.hypot(onward[0, 0], onward[1, 0])
        return replace(self._seen, landmarks=landmarks), Change(*changes)


@njit(nogil=True, cache=True, fastmath=True)
def _sample(image, to_frame, points):  # type: ignore[no-untyped-def]
    """(n,) green of a frame (h, w, 3) at points (n, 2), bilinear; its edge goes on outside."""
    height, width = image.shape[:2]
    values = np.empty(len(points))
    for k in range(len(points)):
        px, py = points[k, 0], points[k, 1]
        x = to_frame[0, 0] * px + to_frame[0, 1] * py + to_frame[0, 2]
        y = to_frame[1, 0] * px + to_frame[1, 1] * py + to_frame[1, 2]
        x = min(max(x, 0.0), width - 1.001)
        y = min(max(y, 0.0), height - 1.001)
        i, j = int(x), int(y)
        fx, fy = x - i, y - j
        top = (1 - fx) * image[j, i, 1] + fx * image[j, i + 1, 1]
        bottom = (1 - fx) * image[j + 1, i, 1] + fx * image[j + 1, i + 1, 1]
        values[k] = (1 - fy) * top + fy * bottom
    return values


@njit(nogil=True, cache=True, fastmath=True)
def _follow(image, to_frame, points, ends, values, steps, moved):  # type: ignore[no-untyped-def]
    """(2, 3) where the crop's points have moved, then the changes of `Change`."""
    skin = ends[0]
    mean, contrast = values[:skin].mean(), values[:skin].std() + 1e-6
    step = np.empty(4)
    for _ in range(_STEPS):
        now = _sample(image, compose(to_frame, moved), points[:skin])
        mean_now, gain = now.mean(), contrast / (now.std() + 1e-6)
        for i in range(4):
            total = 0.0
            for k in range(skin):
                total += steps[i, k] * (gain * (now[k] - mean_now) - (values[k] - mean))
            step[i] = total
        scale, roll, x, y = step
        moved = compose(moved, inverse(np.array([[1 + scale, -roll, x], [roll, 1 + scale, y]])))
        if 50 * (abs(scale) + abs(roll)) + abs(x) + abs(y) < _SETTLED_PX:
            break
    now = _sample(image, compose(to_frame, moved), points)
    mean_now, gain = now[:skin].mean(), contrast / (now[:skin].std() + 1e-6)
    changes = np.empty(len(ends))
    first = 0
    for part in range(len(ends)):
        squares = 0.0
        for k in range(first, ends[part]):
            squares += (gain * (now[k] - mean_now) - (values[k] - mean)) ** 2
        contrast_there = values[first : ends[part]].std() + 1e-6
        changes[part] = np.sqrt(squares / (ends[part] - first)) / contrast_there
        first = ends[part]
    return moved, changes[0], max(changes[1], changes[2]), changes[3]
