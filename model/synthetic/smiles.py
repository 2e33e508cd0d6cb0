"""A measured model of skin motion: how people's faces differ between neutral and smiling.

Called by the generator.  `smiles.npz` (made by `tables.smiles`) holds, for each of 102 people
photographed neutral and smiling with one camera, how far each of the 468 landmarks moved, on the
canonical face and with the head's own motion taken out.  A smile drawn by hand moves what its
author thought of; a measured one moves all that moves.  Scaled to a peak of a few per mille to
a few per cent of the inter-ocular distance it serves as a brief smile (units 12, 25 and, in most
people, 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.synthetic.rig import on_the_face
from realtime.face.action_units import Field, parse_unit
from realtime.face.geometry import CANONICAL, CROP_IOD

TABLE = Path(__file__).with_name("smiles.npz")
_MIDLINE_IOD = 0.06


@cache
def _table() -> NDArray[np.float32]:
    """(people, 468, 2) displacement from neutral to smiling, longest 1."""
    with np.load(TABLE, allow_pickle=False) as table:
        return np.asarray(table["displacement"], np.float32)


def smile_count() -> int:
    return len(_table())


def smile_field(
    person: int,
    activations: Mapping[str, float],
    landmarks: NDArray[np.floating],
    peak_iod: float,
) -> Field:
    """Displacement (224, 224, 2), crop pixels: one person's smile on a crop's face.

    The side is that of unit 12 in `activations`; the longest displacement is `peak_iod` of the
    crop's IOD.
    """
    moved = _table()[person].copy()
    sides = (side for unit, side in map(parse_unit, activations) if unit == "12")
    side = next(sides, "both")
    if side != "both":
        towards = CANONICAL[:, 0] * (1 if side == "left" else -1)
        moved *= (0.5 + 0.5 * np.tanh(towards / _MIDLINE_IOD))[:, None].astype(np.float32)
    field = on_the_face(np.asarray(landmarks)[:468, :2], moved)
    longest = float(np.hypot(field[..., 0], field[..., 1]).max())
    scaled: Field = field * np.float32(peak_iod * CROP_IOD / longest)
    return scaled
