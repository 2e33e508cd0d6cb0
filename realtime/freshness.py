"""How much of a face is new since the frame before.

A sensor's noise changes nearly every pixel of every frame.  A codec short of bits repeats what it
takes for unchanged, and brings it up to date in blocks: skin that such a block drags along, or
holds back, rises and returns like a movement of the face.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import face_pixels

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
    now, then = face_pixels(grey, landmarks), face_pixels(before, landmarks)
    if now.size == 0:
        return 1.0
    step = max(1, min(now.shape) // _LOOKED_AT)
    changed = cv2.absdiff(now[::step, ::step], then[::step, ::step])
    return cv2.countNonZero(changed) / changed.size
