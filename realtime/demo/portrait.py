"""The portrait the built-in subject is made of, and where its face lies.

`astronaut.png` is NASA's photograph of Eileen Collins, in the public domain.
`astronaut_landmarks.npy` holds the 478 mesh points of her face in pixels of that picture; it is
written by `python -m model.tables.demo_landmarks`, so that a demonstration needs no face model
to be rendered.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

PORTRAIT_FILE = Path(__file__).with_name("astronaut.png")
LANDMARKS_FILE = Path(__file__).with_name("astronaut_landmarks.npy")


def portrait() -> NDArray[np.uint8]:
    """The photograph, (512, 512, 3) BGR."""
    packed = np.frombuffer(PORTRAIT_FILE.read_bytes(), np.uint8)
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def portrait_landmarks() -> NDArray[np.float64]:
    """Its face, (478, 3) pixels of the photograph."""
    return np.asarray(np.load(LANDMARKS_FILE), np.float64)
