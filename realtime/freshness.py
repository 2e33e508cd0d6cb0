"""How much of a face is new since the frame before.

A sensor's noise changes nearly every pixel of every frame.  A codec short of bits repeats what it
takes for unchanged, and brings it up to date in blocks: skin that such a block drags along, or
holds back, rises and returns like a movement of the face.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_LOOKED_AT = 100  # pixels along the face's shorter side; more tell the same


def fresh_share(
    grey: NDArray[np.uint8], before: NDArray[np.uint8] | None, landmarks: NDArray[np.floating]
) -> float:
    """Share of a face's pixels that changed, [0, 1]; 1 where there is nothing to compare.

    Args:
        grey: the frame (h, w); `before` the one before it.
        landmarks: (478, 2+) of the face, frame pixels; it may reach out of the frame.
    """
    if before is None or before.shape != grey.shape:
        return 1.0
    points = np.asarray(landmarks, np.float64)[:, :2]
    size = np.array(grey.shape[::-1])
    left, top = np.clip(points.min(axis=0), 0, size).astype(np.intp)
    right, bottom = np.clip(points.max(axis=0) + 1, 0, size).astype(np.intp)
    step = max(1, min(right - left, bottom - top) // _LOOKED_AT)
    box = np.s_[top:bottom:step, left:right:step]
    if grey[box].size == 0:
        return 1.0
    return cv2.countNonZero(cv2.absdiff(grey[box], before[box])) / grey[box].size
