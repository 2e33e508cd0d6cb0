"""Which action units moved, on which side, and by how much: the network's answer put into words.

The network's head gives each unit a probability on each side of the face.  How far the skin went is
read off its displacement by filters matched to the units that were named: their motion as
`face.action_units` models it, and the head's own as an affine map, are fitted together to the
displacement inside the face, so that neither what the head did nor a second unit counts for the
first.

Called from `engine.process`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from realtime.engine.folder import UnitCalibration
from realtime.event import ACTION_UNITS, ActionUnit, Side
from realtime.face.action_units import displacement_field
from realtime.face.geometry import CROP_IOD, CROP_SIZE, canonical_in_crop

Array = NDArray[np.float64]

_CELL = 8  # pixels
_SIDES: tuple[Side, Side] = ("right", "left")
_MIDLINE = frozenset({"17"})  # one muscle in the middle: it has no side
_LEAST_IOD = 0.001  # of a unit that is named: less is not told from no motion
_ONE_SIDED = 0.8  # difference of the sides' logits; as fitted on people left out
_MOST = 30.0  # of a logit: a probability is never exactly 0 or 1
_ROUNDS, _SETTLED_IOD = 1000, 1e-9  # of coordinate descent
# Half width, height of the centre and half height of the face in the crop, pixels.
_OVAL_PX = (92.0, 108.0, 108.0)


def name_units(
    au_logits: NDArray[np.floating],
    displacement: NDArray[np.floating],
    calibration: Mapping[str, UnitCalibration],
) -> tuple[ActionUnit, ...]:
    """The units whose probability reaches their threshold, the most probable first.

    One is left out if the skin did not move its way beside the others: the head's answer and the
    displacement then contradict each other, and there is no movement to state the size of.

    Args:
        au_logits: (11, 2) `ACTION_UNITS` on the person's right and left.
        displacement: (2, 224, 224) crop pixels.
        calibration: of each unit of `ACTION_UNITS`.
    """
    probability = unit_probabilities(au_logits, calibration)
    found: list[tuple[str, Side, float]] = []
    for row, (right, left) in enumerate(named_sides(probability, calibration).tolist()):
        if right or left:
            side: Side = "both" if right and left else _SIDES[int(left)]
            found.append((ACTION_UNITS[row], side, float(probability[row].max())))
    found.sort(key=lambda named: -named[2])
    sizes = amplitudes([(unit, side) for unit, side, _ in found], displacement)
    named = [
        ActionUnit(unit, side, float(size), share)
        for (unit, side, share), size in zip(found, sizes, strict=True)
    ]
    return tuple(unit for unit in named if unit.amplitude_iod >= _LEAST_IOD)


def unit_probabilities(
    au_logits: NDArray[np.floating], calibration: Mapping[str, UnitCalibration]
) -> Array:
    """(..., 11, 2) logits -> probabilities."""
    slope, offset = np.array(
        [(calibration[unit].slope, calibration[unit].offset) for unit in ACTION_UNITS]
    ).T[..., None]
    scaled = slope * np.asarray(au_logits, np.float64) + offset
    return np.asarray(1 / (1 + np.exp(-scaled.clip(-_MOST, _MOST))), np.float64)


def named_sides(
    probability: Array, calibration: Mapping[str, UnitCalibration]
) -> NDArray[np.bool_]:
    """(..., 11, 2) on which sides each unit is said to act, from the probability of each side.

    A unit acts if either side reaches its threshold; on one side alone if the other is less
    probable by far.
    """
    least = np.array([calibration[unit].threshold for unit in ACTION_UNITS])
    acts = probability.max(axis=-1) >= least
    logit = np.log(probability / (1 - probability))
    ahead = logit - logit[..., ::-1]
    sides = ahead > -_ONE_SIDED
    sides |= np.array([unit in _MIDLINE for unit in ACTION_UNITS])[:, None]
    return np.asarray(sides & acts[..., None], bool)


def amplitudes(
    units: list[tuple[str, Side]], displacement: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(n,) how far each unit moved the skin's farthest point, share of the IOD.

    Args:
        displacement: (2, 224, 224) crop pixels.
    """
    if not units:
        return np.zeros(0)
    head, inside = _head()
    moved = _on_cells(np.asarray(displacement, np.float64))[:, inside].ravel()
    patterns = np.stack([_pattern(unit, side)[:, inside].ravel() for unit, side in units], axis=1)
    # what an affine map explains is the head's: it is taken out of both sides of the fit
    basis, _ = np.linalg.qr(head)
    rest = patterns - basis @ (basis.T @ patterns)
    return _non_negative(rest.T @ rest, rest.T @ (moved - basis @ (basis.T @ moved)))


def _non_negative(normal: Array, right: Array) -> Array:
    """(n,) x >= 0 that minimises x·normal·x / 2 − right·x, by coordinate descent.

    For a handful of unknowns; scipy's takes longer to load than the rest of the program.
    """
    sizes = np.zeros(len(right))
    for _ in range(_ROUNDS):
        before = sizes.copy()
        for k in range(len(right)):
            step = (right[k] - normal[k] @ sizes) / max(normal[k, k], 1e-12)
            sizes[k] = max(sizes[k] + step, 0.0)
        if np.abs(sizes - before).max() < _SETTLED_IOD:
            break
    return sizes


@cache
def _pattern(unit: str, side: Side) -> Array:
    """(2, 784) mean displacement of each cell, crop pixels, at a peak of 1 IOD."""
    letter = {"both": "", "right": "R", "left": "L"}[side]
    field = displacement_field(
        {letter + part: 1.0 for part in unit.split("+")},
        canonical_in_crop(),
        (CROP_SIZE, CROP_SIZE),
        peak_iod=1.0,
    )
    return _on_cells(field.transpose(2, 0, 1).astype(np.float64))


@cache
def _head() -> tuple[Array, NDArray[np.bool_]]:
    """((2 · cells inside, 6) affine motions, (784,) which cells are inside the face)."""
    axis = (np.arange(CROP_SIZE // _CELL) + 0.5) * _CELL
    x, y = (grid.ravel() for grid in np.meshgrid(axis, axis))
    across, centre, down = _OVAL_PX
    inside = ((x - CROP_SIZE / 2) / across) ** 2 + ((y - centre) / down) ** 2 < 1
    terms = np.column_stack([np.ones_like(x), x / CROP_IOD, y / CROP_IOD])[inside]
    return np.kron(np.eye(2), terms), inside


def _on_cells(maps: Array) -> Array:
    """(2, 224, 224) -> (2, 784) means."""
    n = CROP_SIZE // _CELL
    return np.asarray(maps.reshape(2, n, _CELL, n, _CELL).mean(axis=(2, 4)).reshape(2, -1))
