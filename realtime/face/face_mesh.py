"""The 478-point mesh of one face, in a square region of the frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.blazeface import Detection
from realtime.face.litert import Network

_SIZE = 256
_MARGIN = 1.5  # side of the region over the longer side of the face
_MESH = 468  # the points after these are irises, which do not bound the face


@dataclass(frozen=True, slots=True)
class FaceRegion:
    """A square of the frame that follows the tilt of the eyes."""

    centre: NDArray[np.float64]  # (2,) frame pixels
    side: float
    angle: float  # radians, of the line from the person's right eye to the left

    @classmethod
    def of_detection(cls, found: Detection) -> FaceRegion:
        dx, dy = found.eyes[1] - found.eyes[0]
        return cls(found.centre, _MARGIN * found.size, float(np.arctan2(dy, dx)))

    @classmethod
    def of_landmarks(cls, landmarks: NDArray[np.float32]) -> FaceRegion:
        """The region for the next frame: the box of the mesh in the frame of the eye line."""
        points = landmarks[:_MESH, :2].astype(np.float64)
        dx, dy = points[263] - points[33]
        angle = float(np.arctan2(dy, dx))
        turn = _rotation(angle)
        upright = points @ turn
        low, high = upright.min(axis=0), upright.max(axis=0)
        return cls(turn @ ((low + high) / 2), _MARGIN * float((high - low).max()), angle)


class FaceMesh:
    def __init__(self, model: bytes) -> None:
        self._network = Network(model)

    def fit(
        self, image: NDArray[np.uint8], region: FaceRegion
    ) -> tuple[NDArray[np.float32], float]:
        """Landmarks (478, 3) in frame pixels and the presence of a face, [0, 1]."""
        scale = region.side / _SIZE
        linear = _rotation(region.angle) * scale
        to_frame = np.column_stack([linear, region.centre - linear @ [_SIZE / 2, _SIZE / 2]])
        crop = cv2.warpAffine(
            image, to_frame, (_SIZE, _SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
        points, presence = self._network.run(
            lambda values: _as_shares(rgb.ravel(), values.ravel()), (478, 3), (1,)
        )
        placed = points[:, :2] @ linear.T + to_frame[:, 2]
        landmarks = np.column_stack([placed, points[:, 2] * scale]).astype(np.float32)
        return landmarks, float(1.0 / (1.0 + np.exp(-np.clip(presence[0], -60.0, 60.0))))


@njit(nogil=True, cache=True)
def _as_shares(values, shares):  # type: ignore[no-untyped-def]
    """Bytes (n,) as shares of the largest one, (n,)."""
    for i in range(len(values)):
        shares[i] = np.float32(values[i]) * np.float32(1 / 255)


def _rotation(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])
