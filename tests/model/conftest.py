import cv2
import numpy as np
import pytest

from model.synthetic.portraits import Portrait
from realtime.face.geometry import CANONICAL, CROP_IOD, canonical_in_crop


def drawn_portrait(name: str, seed: int) -> Portrait:
    """A textured head on a plain ground, in the canonical pose."""
    noise = np.random.default_rng(seed).standard_normal((224, 224))
    skin = cv2.GaussianBlur(noise, (0, 0), 2.5)
    crop = 130 + 25 * skin / skin.std()
    points = canonical_in_crop()
    for eye in ((33, 133), (263, 362)):
        x, y = points[list(eye)].mean(axis=0)
        cv2.circle(crop, (round(x), round(y)), 4, 20, -1)
    depth = CANONICAL[:, 2:].astype(np.float64) * CROP_IOD
    face = np.column_stack([points, depth])
    irises = []
    for eye in ((33, 133), (263, 362)):
        centre = face[list(eye)].mean(axis=0)
        rim = [(0, 0), (6, 0), (0, -6), (-6, 0), (0, 6)]
        irises += [centre + np.array([x, y, 0.0]) for x, y in rim]
    landmarks = np.vstack([face, irises]).astype(np.float32)
    return Portrait(name, np.clip(crop, 0, 255).astype(np.uint8), landmarks)


@pytest.fixture(scope="session")
def portraits():
    return [drawn_portrait(f"person{i}", i) for i in range(3)]
