"""What stays of a picture when a session is redacted: mouth, brows, or a drawing of the mesh.

Pictures are BGR (h, w, 3).  Without a face everything is black: what is not surely the wanted part
is not kept.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from realtime.face.face import Face
from realtime.face.geometry import CANONICAL

Part = Literal["mouth", "brows", "mesh"]

# MediaPipe's numbers of the outer lip line and of both brows.
_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
_LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
_AREAS: dict[Part, tuple[tuple[int, ...], ...]] = {
    "mouth": (_LIPS,),
    "brows": (_RIGHT_BROW, _LEFT_BROW),
}
# Around a part, share of its width: skin that moves with it, and of the eyes as little as can be.
_ROOM: dict[Part, float] = {"mouth": 0.15, "brows": 0.04}
_INK = (235, 235, 235)


def masked(image: NDArray[np.uint8], face: Face | None, part: Part) -> NDArray[np.uint8]:
    """The picture with this part of this face, and black elsewhere."""
    if face is None:
        return np.zeros_like(image)
    points = face.landmarks[: len(CANONICAL), :2]
    if part == "mesh":
        return _drawn(image, points)
    mask = np.zeros(image.shape[:2], np.uint8)
    for area in _AREAS[part]:
        outline = points[list(area)]
        room = max(1, int(np.ptp(outline[:, 0]) * _ROOM[part]))
        hull = cv2.convexHull(outline.astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 255)
        cv2.polylines(mask, [hull], True, 255, 2 * room)
    return np.asarray(cv2.bitwise_and(image, image, mask=mask), np.uint8)


def _drawn(image: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lines of the mesh on black: none of the picture's pixels."""
    canvas = np.zeros_like(image)
    corners = np.rint(points[_triangles()]).astype(np.int32)  # (triangles, 3, 2)
    cv2.polylines(canvas, list(corners), True, _INK, 1, cv2.LINE_AA)
    return canvas


@cache
def _triangles() -> NDArray[np.int32]:
    """Between the points of the canonical face, as it is seen from the front."""
    return np.asarray(Delaunay(CANONICAL[:, :2]).simplices, np.int32)
