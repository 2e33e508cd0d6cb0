"""Action units from a 3-D face rig: a second model of how skin moves, independent of the first.

Called by the generator.  The first model (`realtime.face.action_units`) pulls Gaussian patches of
skin at landmarks; this one takes the face actions of a MakeHuman head, read at the 468 landmarks
of the mesh (`rig_actions.npz`, made by `model.tables.rig_actions`).  A network that is trained on
one and tested on the other is tested on a motion it has not seen.

Pixels in and out, conventions of `realtime.face.action_units`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from model.synthetic.identity import field_from_points
from realtime.face.action_units import Field, parse_unit, warp
from realtime.face.geometry import CANONICAL, CROP_IOD, CROP_SIZE, canonical_in_crop

TABLE = Path(__file__).with_name("rig_actions.npz")
_CELL = 4  # pixels of the grid the landmarks' motion is spread over
_BLUR_IOD = 0.06
_REACH_IOD = 0.1  # over which one face's shape differs from another's smoothly
_MIDLINE_IOD = 0.06

# Action units as the rig's actions, with shares; "*" stands for Left and Right.
_ACTIONS: Mapping[str, Mapping[str, float]] = {
    "1": {"browInnerUp": 1.0},
    "2": {"browOuterUp*": 1.0},
    "4": {"browDown*": 1.0},
    "5": {"eyeWide*": 1.0},
    "6": {"cheekSquint*": 1.0},
    "7": {"eyeSquint*": 1.0},
    "9": {"noseSneer*": 1.0},
    "10": {"mouthUpperUp*": 1.0},
    "12": {"mouthSmile*": 1.0},
    "14": {"mouthDimple*": 1.0},
    "15": {"mouthFrown*": 1.0},
    "17": {"mouthShrugLower": 1.0},
    "20": {"mouthStretch*": 1.0},
    "23": {"mouthRollLower": 0.6, "mouthRollUpper": 0.6},
    "24": {"mouthPress*": 1.0},
    "25": {"mouthLowerDown*": 1.0, "mouthUpperUp*": 0.4},
    "26": {"jawOpen": 1.0},
}


@cache
def _table() -> dict[str, NDArray[np.float32]]:
    """Action -> (468, 3) displacement at full strength, IOD."""
    with np.load(TABLE, allow_pickle=False) as table:
        return dict(zip(table["actions"].tolist(), table["displacement"], strict=True))


@cache
def unit_displacement(name: str) -> NDArray[np.float32]:
    """(468, 2) displacement of the canonical face's landmarks by one unit, IOD, longest 1.

    Full excursions of the rig differ more between units than those of people do: every unit is
    brought to the same peak, and the caller's strengths say the rest.
    """
    unit, side = parse_unit(name)
    table = _table()
    moved = np.zeros((len(CANONICAL), 2), np.float32)
    for action, share in _ACTIONS[unit].items():
        for end in ("Left", "Right") if action.endswith("*") else ("",):
            if side == "both" or not end or end.lower() == side:
                moved += share * table[action.rstrip("*") + end][:, :2]
    if side != "both":
        # The person's left is on the picture's right.  Actions of one side stay as they are.
        towards = CANONICAL[:, 0] * (1 if side == "left" else -1)
        moved = moved * (0.5 + 0.5 * np.tanh(towards / _MIDLINE_IOD))[:, None].astype(np.float32)
    return np.asarray(moved / np.hypot(moved[:, 0], moved[:, 1]).max(), np.float32)


def rig_field(
    activations: Mapping[str, float], landmarks: NDArray[np.floating], peak_iod: float
) -> Field:
    """Displacement (224, 224, 2) of a crop whose landmarks (468+, 2+) are given, crop pixels.

    The longest displacement is `peak_iod` of the crop's IOD.
    """
    moved = sum(
        (strength * unit_displacement(name) for name, strength in activations.items()),
        start=np.zeros((len(CANONICAL), 2), np.float32),
    )
    field = on_the_face(np.asarray(landmarks)[:468, :2], moved)
    longest = float(np.hypot(field[..., 0], field[..., 1]).max())
    scaled: Field = field * np.float32(peak_iod * CROP_IOD / longest)
    return scaled


def on_the_face(points: NDArray[np.floating], moved: NDArray[np.float32]) -> NDArray[np.float32]:
    """Motion (468, 2) spread from the landmarks (468, 2) over the skin between: (224, 224, 2).

    It is laid out on the canonical face, whose triangles never change, and then brought to where
    this face has its landmarks.
    """
    cells = CROP_SIZE // _CELL
    coarse = (_spread() @ moved).reshape(cells, cells, 2)
    # Skin has no folds as sharp as the edges of the triangles.
    blurred = cv2.GaussianBlur(coarse, (0, 0), _BLUR_IOD * CROP_IOD / _CELL)
    fine = cv2.resize(blurred, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
    way = np.asarray(points - canonical_in_crop(), np.float32)
    return warp(fine, field_from_points(points, way, _REACH_IOD * CROP_IOD))


@cache
def _spread() -> NDArray[np.float32]:
    """(cells, 468) shares of the landmarks in each cell of the canonical crop, by its triangle."""
    points = canonical_in_crop()
    mesh = Delaunay(points)
    cells = (np.arange(CROP_SIZE // _CELL) + 0.5) * _CELL - 0.5
    grid = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 2)
    triangle = mesh.find_simplex(grid)
    inside = np.flatnonzero(triangle >= 0)
    to_shares = mesh.transform[triangle[inside]]
    first_two = np.einsum("nij,nj->ni", to_shares[:, :2], grid[inside] - to_shares[:, 2])
    shares = np.column_stack([first_two, 1 - first_two.sum(axis=1)])
    spread = np.zeros((len(grid), len(points)), np.float32)
    corners = mesh.simplices[triangle[inside]]
    np.put_along_axis(rows := spread[inside], corners, shares.astype(np.float32), axis=1)
    spread[inside] = rows
    return spread
