"""Where things are on a face: the canonical mesh, the aligned crop, the six AU regions.

Landmarks are the 478 points of the face mesh: x, y in pixels, z in the same scale, smaller is
nearer.  "Left" and "right" are the person's own; the person's right is on the left of an
unmirrored picture.

`canonical_face.npy` holds the first 468 points of the public canonical face model
(Apache-2.0, Google) in inter-ocular distances, origin between the eyes, y down, z away.

Lengths called IOD are the distance between the eye centres; an eye's centre is the middle of
its two corners.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.face import Box

CROP_SIZE = 224  # pixels of the aligned face crop, both ways
CROP_IOD = 72.0  # inter-ocular distance of the canonical face in the crop, pixels
CROP_EYES = (112.0, 76.0)  # where the middle of its eyes lies: forehead to chin is inside

CANONICAL = np.load(Path(__file__).with_name("canonical_face.npy"))  # (468, 3)
CANONICAL.flags.writeable = False

EYE_CORNERS_RIGHT = (33, 133)  # outer, inner
EYE_CORNERS_LEFT = (263, 362)
_EYE_CORNERS = np.array([EYE_CORNERS_RIGHT, EYE_CORNERS_LEFT])

_BROWS = (
    *(46, 53, 52, 65, 55, 70, 63, 105, 66, 107),
    *(276, 283, 282, 295, 285, 300, 293, 334, 296, 336),
)
_LIDS = (
    *(7, 163, 144, 145, 153, 154, 155, 246, 161, 160, 159, 158, 157, 173),
    *(249, 390, 373, 374, 380, 381, 382, 466, 388, 387, 386, 385, 384, 398),
)


def _upper_face() -> NDArray[np.intp]:
    """Points no brow, lid or jaw carries along: alignment may rest on them."""
    mobile = np.isin(np.arange(len(CANONICAL)), _BROWS + _LIDS)
    return np.flatnonzero((CANONICAL[:, 1] < 0.75) & ~mobile)


RIGID_POINTS = _upper_face()

# AU regions of the paper's section 3: 1 eyes and lids, 2 brows and glabella, 3 cheeks and outer
# eye, 4 nose, 5 mouth and lip corners, 6 chin and jaw.


def canonical_in_crop() -> NDArray[np.float64]:
    """The canonical face as it lies in an aligned crop, (468, 2) pixels."""
    points = np.asarray(CANONICAL[:, :2], np.float64) * CROP_IOD
    return np.asarray(points + np.array(CROP_EYES), np.float64)


_RIGID_IN_CROP = canonical_in_crop()[RIGID_POINTS]


def eye_centres(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2, 2) x, y of the person's right and left eye centre."""
    centres: NDArray[np.float64] = _middles(np.asarray(landmarks), _EYE_CORNERS)
    return centres


@njit(nogil=True, cache=True)
def _middles(points, pairs):  # type: ignore[no-untyped-def]
    """(n, 2) x, y midway between the rows that pairs (n, 2) names of points (m, 2 or more)."""
    middles = np.empty((len(pairs), 2))
    for k in range(len(pairs)):
        for axis in range(2):
            one, other = points[pairs[k, 0], axis], points[pairs[k, 1], axis]
            middles[k, axis] = 0.5 * (np.float64(one) + np.float64(other))
    return middles


def inter_ocular(landmarks: NDArray[np.floating]) -> float:
    """IOD in the landmarks' own pixels."""
    (right_x, right_y), (left_x, left_y) = eye_centres(landmarks).tolist()
    return math.hypot(left_x - right_x, left_y - right_y)


def face_box(landmarks: NDArray[np.floating]) -> Box:
    """The box of landmarks (478, 2+); it may reach out of the frame."""
    box: Box = _box(np.asarray(landmarks))
    return box


@njit(nogil=True, cache=True)
def _box(points):  # type: ignore[no-untyped-def]
    """Least x and y, largest x and y of points (n, 2 or more), n > 0."""
    left = right = points[0, 0]
    top = bottom = points[0, 1]
    for k in range(1, len(points)):
        x, y = points[k, 0], points[k, 1]
        left, right = min(left, x), max(right, x)
        top, bottom = min(top, y), max(bottom, y)
    return left, top, right, bottom


def widened(box: Box, margin: float) -> Box:
    """The box with this share of its size added on every side."""
    left, top, right, bottom = box
    more_x, more_y = margin * (right - left), margin * (bottom - top)
    return left - more_x, top - more_y, right + more_x, bottom + more_y


def cut_out(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """What of a picture (h, w, …) lies in a box; may be empty.  A view."""
    left, top, right, bottom = (max(int(place), 0) for place in box)
    return image[top:bottom, left:right]


def face_pixels(grey: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> NDArray[np.uint8]:
    """What of a frame (h, w) lies in the box of the landmarks (478, 2+); may be empty.  A view."""
    return cut_out(grey, face_box(landmarks))


def crop_transform(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Similarity (2, 3) from frame pixels to the aligned 224×224 crop, by least squares.

    The same for training pairs, for photographs and as the live stabiliser's starting point:
    `cv2.warpAffine(gray, crop_transform(face.landmarks), (224, 224))`.
    """
    transform: NDArray[np.float64] = _fit_similarity(
        np.ascontiguousarray(landmarks, np.float64), RIGID_POINTS, _RIGID_IN_CROP
    )
    return transform


@njit(nogil=True, cache=True)
def _fit_similarity(points, used, target):  # type: ignore[no-untyped-def]
    """(2, 3) that maps the rows `used` of points (n, 2 or more) to target (len(used), 2)."""
    n = len(used)
    sx = sy = tx = ty = 0.0
    for i in range(n):
        sx += points[used[i], 0] / n
        sy += points[used[i], 1] / n
        tx += target[i, 0] / n
        ty += target[i, 1] / n
    norm = along = across = 0.0
    for i in range(n):
        ax, ay = points[used[i], 0] - sx, points[used[i], 1] - sy
        bx, by = target[i, 0] - tx, target[i, 1] - ty
        norm += ax * ax + ay * ay
        along += ax * bx + ay * by
        across += ax * by - ay * bx
    c, d = along / norm, across / norm
    return np.array([[c, -d, tx - c * sx + d * sy], [d, c, ty - d * sx - c * sy]])


def apply_transform(
    transform: NDArray[np.floating], points: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Map points (n, 2) through an affine (2, 3)."""
    matrix = np.asarray(transform, np.float64)
    mapped: NDArray[np.float64] = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return mapped
