"""Measures the portrait's landmarks with the real tracker: `python -m model.tables.demo_landmarks`.

Needed only when the mesh model or the portrait changes; nothing at run time imports this.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.demo.portrait import LANDMARKS_FILE, portrait
from realtime.errors import FaceModelError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

_ENLARGED = 3  # the face is small in the photograph; the mesh is fitted to one of usual size
_LOOKS = 5  # the tracker places its region by its last answer: it settles within a few


def measure() -> NDArray[np.float32]:
    """(478, 3) pixels of the photograph.

    Raises:
        FaceModelError: the model cannot be had, or sees no face.
    """
    tracker = LandmarkTracker(face_model())
    image = np.asarray(
        cv2.resize(portrait(), None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC),
        np.uint8,
    )
    for look in range(_LOOKS):
        faces = tracker.track(look * 33_333_333, image)
        if not faces:
            raise FaceModelError("the tracker sees no face in the portrait")
    points = faces[0].landmarks / _ENLARGED
    # A pixel's centre, not its corner, is what enlarging leaves in proportion.
    points[:, :2] += 0.5 / _ENLARGED - 0.5
    return points.astype(np.float32)


if __name__ == "__main__":
    try:
        np.save(LANDMARKS_FILE, measure())
    except FaceModelError as error:
        sys.exit(f"fleeting: {error}")
    sys.stdout.write(f"landmarks: {LANDMARKS_FILE}\n")
