"""Action units from a 3-D face rig: a second model of how skin moves, independent of the first.

Called by the generator.  The first model (`realtime.action_units`) pulls Gaussian patches of skin
at landmarks; this one takes the face actions of a MakeHuman head, read at the 468 landmarks of
the mesh (`rig_actions.npz`, made by `rig_table`).  A network that is trained on one and tested
on the other is tested on a motion it has not seen.

Pixels in and out, conventions of `realtime.action_units`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from realtime.action_units import Field, parse_unit
from realtime.face.geometry import CANONICAL, CROP_IOD, CROP_SIZE

TABLE = Path(__file__).with_name("rig_actions.npz")
_CELL = 4  # pixels of the grid the landmarks' motion is spread over
_BLUR_IOD = 0.06  # skin has no folds as sharp as the edges of the triangles
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
    return moved / np.hypot(moved[:, 0], moved[:, 1]).max()


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
    field = _between_landmarks(np.asarray(landmarks)[:468, :2], moved)
    longest = float(np.hypot(field[..., 0], field[..., 1]).max())
    scaled: Field = field * np.float32(peak_iod * CROP_IOD / longest)
    return scaled


def _between_landmarks(
    points: NDArray[np.floating], moved: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Linear inside each triangle of landmarks, nothing beyond the face; (224, 224, 2)."""
    cells = (np.arange(CROP_SIZE // _CELL) + 0.5) * _CELL - 0.5
    x, y = np.meshgrid(cells, cells)
    coarse = LinearNDInterpolator(points, moved, fill_value=0.0)(x, y).astype(np.float32)
    coarse = cv2.GaussianBlur(coarse, (0, 0), _BLUR_IOD * CROP_IOD / _CELL)
    return cv2.resize(coarse, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
