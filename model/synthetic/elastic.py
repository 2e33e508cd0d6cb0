"""A third model of how skin moves: an elastic sheet pulled by muscles.

The others displace patches of skin (`realtime.face.action_units`) or take a rig's actions
(`model.synthetic.rig`), both drawn by hand.  Here forces act where each unit's muscle ends in
the skin, and the sheet's elasticity gives the displacement.

The sheet is plane, isotropic and bound to the bone below by springs:

    mu lap(u) + (lambda + mu) grad(div u) - (mu / L^2) u = -f

L is how far a pull is felt.  Solved exactly, wave by wave.  Pixels of the 224 × 224 crop.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from model.synthetic.identity import MIRROR
from realtime.face.action_units import Field, parse_unit
from realtime.face.geometry import CROP_IOD, CROP_SIZE

# Each unit as (where its muscle ends in the skin, towards which point it pulls, share), landmarks
# on the person's right; what lies on the midline pulls once.
MUSCLES: Mapping[str, tuple[tuple[int, int, float], ...]] = {
    "1": ((107, 108, 1.0), (66, 69, 0.7), (9, 151, 0.3)),
    "2": ((105, 104, 0.7), (63, 68, 1.0), (70, 54, 0.9)),
    "4": ((66, 8, 0.7), (105, 9, 0.5), (55, 168, 0.8)),
    "5": ((159, 27, 1.0), (158, 28, 0.8)),
    "6": ((226, 133, 0.7), (111, 133, 0.8), (117, 133, 0.8), (50, 133, 0.7)),
    "7": ((145, 159, 0.8), (153, 158, 0.8), (144, 160, 0.7), (159, 145, 0.4)),
    "9": ((129, 193, 0.8), (198, 193, 0.9), (55, 168, 0.5)),
    "10": ((40, 118, 0.9), (37, 119, 0.7), (206, 118, 0.6)),
    "12": ((61, 116, 1.0), (185, 117, 0.6), (207, 116, 0.5)),
    "14": ((61, 58, 1.0), (186, 132, 0.4)),
    "15": ((61, 149, 1.0), (43, 149, 0.6)),
    "17": ((199, 18, 1.0), (200, 18, 1.0), (18, 17, 0.4)),
    "20": ((61, 172, 1.0), (91, 172, 0.5)),
    "23": ((61, 13, 0.8), (40, 13, 0.4), (91, 14, 0.4)),
    "24": ((0, 13, 0.8), (37, 13, 0.5), (17, 14, 0.9), (84, 14, 0.6)),
    "25": ((17, 200, 1.0), (84, 200, 0.8), (0, 2, 0.3)),
    "26": ((18, 152, 0.7), (200, 152, 1.0), (175, 152, 0.8), (208, 148, 0.7)),
}
_CELL = 2  # pixels of the sheet's grid
_END_IOD = 0.06  # standard deviation of where a muscle ends
_FELT_IOD = 0.12  # L
_SQUEEZE = (1 + 0.45) / (1 - 0.45)  # (lambda + mu) / mu in plane stress; 0.45 is Poisson's ratio


def elastic_field(
    activations: Mapping[str, float], landmarks: NDArray[np.floating], peak_iod: float
) -> Field:
    """Displacement (224, 224, 2) of a crop whose landmarks (468+, 2+) are given, crop pixels.

    The longest displacement is `peak_iod` of the crop's IOD.
    """
    points = np.asarray(landmarks, np.float64)[:468, :2]
    cells = CROP_SIZE // _CELL
    force = np.zeros((2, cells, cells))
    for name, strength in activations.items():
        unit, side = parse_unit(name)
        for end, towards, share in MUSCLES[unit]:
            right, left = (end, towards), (int(MIRROR[end]), int(MIRROR[towards]))
            # a muscle of the midline is the same on both sides
            pulling = {"right": {right}, "left": {left}, "both": {right, left}}[side]
            for a, b in pulling:
                way = points[b] - points[a]
                pull = strength * share * way / np.hypot(*way)
                force += pull[:, None, None] * _bump(points[a])
    moved = _balanced(force)
    fine = cv2.resize(
        np.ascontiguousarray(moved.transpose(1, 2, 0), np.float32),
        (CROP_SIZE, CROP_SIZE),
        interpolation=cv2.INTER_CUBIC,
    )
    longest = float(np.hypot(fine[..., 0], fine[..., 1]).max())
    field: Field = fine * np.float32(peak_iod * CROP_IOD / longest)
    return field


def _bump(place: NDArray[np.float64]) -> NDArray[np.float64]:
    centres = (np.arange(CROP_SIZE // _CELL) + 0.5) * _CELL - 0.5
    x, y = (np.exp(-0.5 * ((centres - c) / (_END_IOD * CROP_IOD)) ** 2) for c in place)
    return np.outer(y, x)


def _balanced(force: NDArray[np.float64]) -> NDArray[np.float64]:
    """Displacement (2, n, n) at which the sheet holds the force, x first; of any unit of length.

    The sheet repeats beyond the crop; springs damp a pull long before it reaches the other side.
    """
    waves = _waves(force.shape[-1])
    pulled = fft.rfft2(force)
    # of a wave q: u = f / s - squeeze q (q.f) / (s (s + squeeze q^2)), s = q^2 + 1 / L^2
    square = (waves**2).sum(axis=0)
    stiff = square + 1 / (_FELT_IOD * CROP_IOD / _CELL) ** 2
    resisted = _SQUEEZE * waves * (waves * pulled).sum(axis=0) / (stiff + _SQUEEZE * square)
    moved = fft.irfft2((pulled - resisted) / stiff, s=force.shape[-2:])
    return np.asarray(moved, np.float64)


@cache
def _waves(n: int) -> NDArray[np.float64]:
    """(2, n, n // 2 + 1) radians a cell, x and y, of each wave of `rfft2`."""
    x, y = np.meshgrid(fft.rfftfreq(n), fft.fftfreq(n))
    return 2 * np.pi * np.stack([x, y])
