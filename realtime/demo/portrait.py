"""The portrait the built-in subject is made of, and where its face lies.

NASA's photograph of Eileen Collins is in the public domain and comes with scikit-image.
`astronaut_landmarks.npy` holds the 478 mesh points of her face in pixels of that picture; it is
written by `python -m model.tables.demo_landmarks`, so that a demonstration needs no face model
to be rendered.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage import data

LANDMARKS_FILE = Path(__file__).with_name("astronaut_landmarks.npy")


def portrait() -> NDArray[np.uint8]:
    """The photograph, (512, 512, 3) BGR."""
    rgb = data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(rgb[..., ::-1], np.uint8)


def portrait_landmarks() -> NDArray[np.float64]:
    """Its face, (478, 3) pixels of the photograph."""
    return np.asarray(np.load(LANDMARKS_FILE), np.float64)
