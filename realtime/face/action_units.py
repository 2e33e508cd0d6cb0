"""Facial action units as smooth displacement fields, and the warp that applies them.

Used by the built-in subject of `--demo` and by the training generator, so both move a face in
the same way.  Pixels in and out; every length of the table is a share of the inter-ocular
distance (IOD).  "Left" and "right" are the person's own.

A field u belongs to the moved picture: `moved(x) = image(x - u(x))`, so u(x) is how far the
surface seen at x has come.  An action unit is written as in FACS: "12" both sides, "L12" or
"R12" one side.  "43" and "45" close the upper lids; their strength is the share of closure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.geometry import eye_centres

Side = Literal["both", "left", "right"]
Field = NDArray[np.float32]  # (h, w, 2) x, y in pixels


@dataclass(frozen=True, slots=True)
class Pull:
    """One patch of skin an action unit moves, at full strength."""

    right: int  # landmark at its centre on the person's right; the same as `left` on the midline
    left: int
    outward: float  # away from the midline, IOD
    up: float  # towards the forehead, IOD
    reach: float  # standard deviation of the Gaussian patch, IOD


# Full excursions are of the order of 5-10 mm at an IOD of 63 mm: 0.08-0.16.  Directions follow
# the muscle of each unit; reaches follow the extent of skin it carries.
PULLS: Mapping[str, tuple[Pull, ...]] = {
    "1": (Pull(107, 336, 0.0, 0.11, 0.18), Pull(9, 9, 0.0, 0.04, 0.16)),
    "2": (Pull(70, 300, 0.0, 0.09, 0.18), Pull(105, 334, 0.0, 0.10, 0.18)),
    "4": (Pull(55, 285, -0.05, -0.08, 0.15), Pull(105, 334, -0.03, -0.04, 0.16)),
    "5": (Pull(159, 386, 0.0, 0.06, 0.09),),
    "6": (
        Pull(118, 347, 0.0, 0.08, 0.20),
        Pull(226, 446, -0.05, 0.01, 0.12),
        Pull(145, 374, 0.0, 0.03, 0.10),
    ),
    "7": (
        Pull(145, 374, 0.0, 0.05, 0.10),
        Pull(159, 386, 0.0, -0.03, 0.08),
        Pull(33, 263, -0.02, 0.0, 0.10),
    ),
    "9": (
        Pull(198, 420, 0.0, 0.07, 0.12),
        Pull(129, 358, 0.01, 0.06, 0.12),
        Pull(55, 285, -0.02, -0.04, 0.12),
    ),
    "10": (
        Pull(40, 270, 0.0, 0.08, 0.13),
        Pull(206, 426, 0.01, 0.07, 0.15),
        Pull(0, 0, 0.0, 0.04, 0.10),
    ),
    "12": (Pull(61, 291, 0.09, 0.09, 0.17), Pull(205, 425, 0.03, 0.06, 0.20)),
    "14": (Pull(61, 291, 0.08, 0.005, 0.12), Pull(43, 273, 0.03, 0.02, 0.12)),
    "15": (Pull(61, 291, 0.02, -0.09, 0.14), Pull(210, 430, 0.01, -0.04, 0.14)),
    "17": (Pull(200, 200, 0.0, 0.09, 0.19), Pull(17, 17, 0.0, 0.06, 0.15)),
    "20": (Pull(61, 291, 0.10, -0.02, 0.14), Pull(91, 321, 0.05, -0.01, 0.14)),
    "23": (
        Pull(61, 291, -0.05, 0.0, 0.12),
        Pull(0, 0, 0.0, -0.02, 0.10),
        Pull(17, 17, 0.0, 0.02, 0.10),
    ),
    "24": (Pull(0, 0, 0.0, -0.04, 0.13), Pull(17, 17, 0.0, 0.05, 0.14)),
    "25": (Pull(17, 17, 0.0, -0.06, 0.14), Pull(0, 0, 0.0, 0.02, 0.10)),
    "26": (
        Pull(17, 17, 0.0, -0.09, 0.18),
        Pull(152, 152, 0.0, -0.13, 0.26),
        Pull(150, 379, 0.0, -0.09, 0.26),
    ),
}
LID_UNITS = ("43", "45")

# Probability of each unit when a micro-expression of the class is drawn.  Composite of the
# published coding counts of CASME II and SAMM; most movements are one or two units.
RECIPES: Mapping[str, Mapping[str, float]] = {
    "negative": {
        **{"4": 0.55, "7": 0.40, "9": 0.13, "10": 0.14, "15": 0.15, "17": 0.20},
        **{"14": 0.06, "20": 0.06, "24": 0.05, "23": 0.04, "1": 0.04, "6": 0.03},
    },
    "positive": {"12": 0.90, "6": 0.30, "14": 0.12, "25": 0.08},
    "surprise": {"1": 0.75, "2": 0.75, "5": 0.35, "25": 0.10, "26": 0.15},
}

# Sharpness of the cut a one-sided movement makes at the face's midline, IOD.
_MIDLINE_BLUR = 0.06
# Skin above the eye that a closing lid stretches over it, IOD.
_LID_SKIN = 0.12

_UPPER_LID = {
    "right": (33, 246, 161, 160, 159, 158, 157, 173, 133),
    "left": (362, 398, 384, 385, 386, 387, 388, 466, 263),
}
_LOWER_LID = {
    "right": (33, 7, 163, 144, 145, 153, 154, 155, 133),
    "left": (362, 382, 381, 380, 374, 373, 390, 249, 263),
}
_NAME = re.compile(r"([LR]?)(\d+)")


def parse_unit(name: str) -> tuple[str, Side]:
    """ "L12" -> ("12", "left")."""
    match = _NAME.fullmatch(name)
    if match is None or (match[2] not in PULLS and match[2] not in LID_UNITS):
        raise ValueError(f"unknown action unit {name!r}")
    sides: dict[str, Side] = {"": "both", "L": "left", "R": "right"}
    return match[2], sides[match[1]]


def draw_units(rng: np.random.Generator, label: str) -> dict[str, float]:
    """Units of one movement of a class with relative strengths in [0.6, 1]; never empty."""
    recipe = RECIPES[label]
    drawn = [unit for unit, probability in recipe.items() if rng.random() < probability]
    if not drawn:
        weights = np.array(list(recipe.values()))
        drawn = [str(rng.choice(list(recipe), p=weights / weights.sum()))]
    return {unit: float(rng.uniform(0.6, 1.0)) for unit in drawn}


def displacement_field(
    activations: Mapping[str, float],
    landmarks: NDArray[np.floating],
    size: tuple[int, int],
    *,
    peak_iod: float | None = None,
) -> Field:
    """Displacement (h, w, 2) of a face whose landmarks (468+, 2+) lie in a picture of `size`.

    `size` is (height, width).  Strength 1 is a full excursion.  With `peak_iod` the skin's
    movement is scaled so that the longest displacement is that share of the IOD; lids are not.
    """
    points = np.asarray(landmarks, np.float64)[:, :2]
    right_eye, left_eye = eye_centres(points)
    iod = float(np.hypot(*(left_eye - right_eye)))
    # Patches are at least 0.08 IOD wide: a grid of IOD / 24 samples them 2 times per deviation.
    step = max(1, int(iod / 24))
    rows, columns = -(-size[0] // step), -(-size[1] // step)
    coarse = np.zeros((rows, columns, 2), np.float32)
    lids = np.zeros((*size, 2), np.float32)
    for name, strength in activations.items():
        unit, side = parse_unit(name)
        if unit in LID_UNITS:
            lids += lid_field(points, size, side, strength)
        else:
            coarse += strength * _unit_field(unit, side, points, (rows, columns), step)
    if peak_iod is not None:
        peak = float(np.hypot(coarse[..., 0], coarse[..., 1]).max())
        coarse *= peak_iod * iod / peak if peak > 0 else 0.0
    fine = cv2.resize(coarse, (columns * step, rows * step), interpolation=cv2.INTER_CUBIC)
    field: Field = np.ascontiguousarray(fine[: size[0], : size[1]]) + lids
    return field


def _unit_field(
    unit: str, side: Side, points: NDArray[np.float64], grid: tuple[int, int], step: int
) -> Field:
    """One unit at full strength, in pixels, sampled at the centres of step × step cells."""
    right_eye, left_eye = eye_centres(points)
    across = left_eye - right_eye
    iod = float(np.hypot(*across))
    across = across / iod  # towards the person's left
    up = np.array([across[1], -across[0]])
    y = (np.arange(grid[0]) + 0.5) * step - 0.5
    x = (np.arange(grid[1]) + 0.5) * step - 0.5
    moved = np.zeros((*grid, 2))
    weight = np.zeros(grid)
    for pull in PULLS[unit]:
        places = {"right": pull.right, "left": pull.left}
        for place in ("left",) if pull.left == pull.right else ("right", "left"):
            centre = points[places[place]]
            near_x = np.exp(-0.5 * ((x - centre[0]) / (pull.reach * iod)) ** 2)
            near_y = np.exp(-0.5 * ((y - centre[1]) / (pull.reach * iod)) ** 2)
            patch = np.outer(near_y, near_x)
            outward = across * (1.0 if place == "left" else -1.0) * pull.outward
            moved += patch[..., None] * (outward + up * pull.up) * iod
            weight += patch
    # Where patches overlap they average instead of adding up: skin is pulled once.
    moved /= np.maximum(weight, 1.0)[..., None]
    if side != "both":
        middle = (right_eye + left_eye) / 2
        offset = (x - middle[0]) * across[0] + ((y - middle[1]) * across[1])[:, None]
        offset = offset if side == "left" else -offset
        moved *= (0.5 + 0.5 * np.tanh(offset / (_MIDLINE_BLUR * iod)))[..., None]
    return moved.astype(np.float32)


def lid_field(
    landmarks: NDArray[np.floating], size: tuple[int, int], side: Side, closure: float
) -> Field:
    """Upper lids closed by a share of the opening.

    The lid's skin is stretched down over the eye; what it covers is gone, so the field ends
    abruptly at the lid's edge.  Faces are taken as upright within about 20 degrees.
    """
    points = np.asarray(landmarks, np.float64)[:, :2]
    right_eye, left_eye = eye_centres(points)
    skin = _LID_SKIN * float(np.hypot(*(left_eye - right_eye)))
    field = np.zeros((*size, 2), np.float32)
    if closure <= 0:
        return field
    y = np.arange(size[0])[:, None]
    for eye in ("right", "left") if side == "both" else (side,):
        upper, lower = points[list(_UPPER_LID[eye])], points[list(_LOWER_LID[eye])]
        first = max(int(np.ceil(upper[0, 0])), 0)
        last = min(int(upper[-1, 0]), size[1] - 1)
        if last < first:
            continue
        x = np.arange(first, last + 1)
        top = np.interp(x, upper[:, 0], upper[:, 1])
        opening = np.maximum(np.interp(x, lower[:, 0], lower[:, 1]) - top, 0.0)
        edge = top + min(closure, 1.0) * opening
        crease = top - skin
        source = crease + (y - crease) * skin / (edge - crease)
        covered = (y > crease) & (y <= edge)
        field[:, first : last + 1, 1] += np.where(covered, y - source, 0.0)
    return field


def warp(image: NDArray[Any], field: Field) -> NDArray[Any]:
    """The picture (h, w) or (h, w, c) after its surface has moved by `field`, dtype kept.

    Catmull-Rom interpolation.  OpenCV's cubic kernel is steeper (a = -0.75) and moves a picture
    by 1.4 times a shift below a tenth of a pixel, which is where these movements live.
    """
    source = np.ascontiguousarray(image, np.float32).reshape(*image.shape[:2], -1)
    moved = _resample(source, np.ascontiguousarray(field, np.float32)).reshape(image.shape)
    if np.issubdtype(image.dtype, np.integer):
        limits = np.iinfo(image.dtype)
        moved = np.clip(np.rint(moved), limits.min, limits.max)
    return moved.astype(image.dtype)


@njit(nogil=True, cache=True)
def _resample(
    source: NDArray[np.float32], field: NDArray[np.float32]
) -> NDArray[np.float32]:  # pragma: no cover - compiled
    height, width, channels = source.shape
    moved = np.empty((field.shape[0], field.shape[1], channels), np.float32)
    wx = np.empty(4, np.float32)
    wy = np.empty(4, np.float32)
    for row in range(field.shape[0]):
        for column in range(field.shape[1]):
            x = min(max(column - field[row, column, 0], 0.0), width - 1.0)
            y = min(max(row - field[row, column, 1], 0.0), height - 1.0)
            x0, y0 = int(x), int(y)
            _catmull_rom(x - x0, wx)
            _catmull_rom(y - y0, wy)
            for channel in range(channels):
                total = np.float32(0.0)
                for j in range(4):
                    source_row = min(max(y0 + j - 1, 0), height - 1)
                    line = np.float32(0.0)
                    for i in range(4):
                        source_column = min(max(x0 + i - 1, 0), width - 1)
                        line += wx[i] * source[source_row, source_column, channel]
                    total += wy[j] * line
                moved[row, column, channel] = total
    return moved


@njit(nogil=True, cache=True)
def _catmull_rom(t: float, weights: NDArray[np.float32]) -> None:  # pragma: no cover - compiled
    weights[0] = 0.5 * t * (t * (2.0 - t) - 1.0)
    weights[1] = 0.5 * (t * t * (3.0 * t - 5.0) + 2.0)
    weights[2] = 0.5 * t * (t * (4.0 - 3.0 * t) + 1.0)
    weights[3] = 0.5 * t * t * (t - 1.0)
