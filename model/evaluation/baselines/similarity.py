"""Optical flow of a pair with the head's similarity motion taken out.  Used by the baselines."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import CROP_SIZE, canonical_in_crop

_STEP = 6  # pixels between the points the fit rests on
_ROUNDS = 8
_SOFT_PX = 0.15  # a point that disagrees by more counts for less than half


def residual(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Flow (224, 224, 2) in crop pixels, less the similarity most of the face agrees on.

    Iterated least squares with Geman-McClure weights: no random draws.
    """
    basis, points = _basis()
    seen = flow[points[:, 1], points[:, 0]].astype(np.float64).ravel()
    weight = np.ones(len(points))
    for _ in range(_ROUNDS):
        root = np.sqrt(np.repeat(weight, 2))
        fit, *_ = np.linalg.lstsq(basis * root[:, None], seen * root, rcond=None)
        off = np.hypot(*(seen - basis @ fit).reshape(-1, 2).T)
        weight = 1 / (1 + (off / _SOFT_PX) ** 2) ** 2
    y, x = np.mgrid[:CROP_SIZE, :CROP_SIZE] - CROP_SIZE / 2
    shift_x, shift_y, growth, turn = fit
    rigid = np.stack([shift_x + growth * x - turn * y, shift_y + turn * x + growth * y], axis=-1)
    return np.asarray(flow - rigid, np.float32)


@cache
def _basis() -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Columns shift x, shift y, growth, turn for the grid points inside the canonical face."""
    hull = cv2.convexHull(canonical_in_crop().astype(np.float32))
    places = range(_STEP // 2, CROP_SIZE, _STEP)
    inside = [
        (x, y) for y in places for x in places if cv2.pointPolygonTest(hull, (x, y), False) > 0
    ]
    points = np.array(inside, np.intp)
    x, y = (points - CROP_SIZE / 2).T
    none, one = np.zeros(len(points)), np.ones(len(points))
    across = np.column_stack([one, none, x, -y])
    down = np.column_stack([none, one, y, x])
    return np.stack([across, down], axis=1).reshape(-1, 4), points
