"""Coarseness of a video codec on a face: the step by which it changes pixels.

A sensor's noise changes nearly every pixel of every frame.  A codec short of bits repeats most of
the face, and what it does change it changes by its quantiser's step: a movement smaller than that
is lost, or arrives late and in blocks.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import face_pixels

_REPEATED = 0.7  # of the face; where less is, the changes are those of noise, head or light
_LOOKED_AT = 100  # pixels along the face's shorter side; more give the same result


def coarseness(
    grey: NDArray[np.uint8], before: NDArray[np.uint8] | None, landmarks: NDArray[np.floating]
) -> float | None:
    """Mean change of those of a face's pixels that changed, grey levels.

    0 where most of the face did; None where nothing did, or where there is nothing to compare.

    Args:
        grey: the frame (h, w); `before` the one before it.
        landmarks: (478, 2+) of the face, frame pixels; it may reach out of the frame.
    """
    if before is None or before.shape != grey.shape:
        return None
    now, then = face_pixels(grey, landmarks), face_pixels(before, landmarks)
    if now.size == 0:
        return None
    step = max(1, min(now.shape) // _LOOKED_AT)
    change = cv2.absdiff(now[::step, ::step], then[::step, ::step])
    changed = cv2.countNonZero(change)
    if changed == 0:
        return None
    return float(change.sum()) / changed if changed < (1 - _REPEATED) * change.size else 0.0
