"""The generator's models of how skin moves when action units act.

None is right: what learns from two leans on neither, and is tested on the third.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.synthetic.elastic import elastic_field
from model.synthetic.rig import rig_field
from realtime.face.action_units import Field, displacement_field
from realtime.face.geometry import CROP_SIZE

# (strength of each unit, landmarks (468+, 2+) in a crop, longest displacement, IOD)
# -> displacement (224, 224, 2), crop pixels
Skin = Callable[[Mapping[str, float], NDArray[np.floating], float], Field]


def pulls(
    activations: Mapping[str, float], landmarks: NDArray[np.floating], peak_iod: float
) -> Field:
    """Patches of skin drawn to where each unit takes them."""
    return displacement_field(activations, landmarks, (CROP_SIZE, CROP_SIZE), peak_iod=peak_iod)


Motion = Literal["pulls", "rig", "elastic"]
SKINS: Mapping[Motion, Skin] = {"pulls": pulls, "rig": rig_field, "elastic": elastic_field}
LEARNED: tuple[Motion, ...] = ("pulls", "rig")  # what ships has not seen the third
