"""Whether a face is assessable now, and if not, why.

Pure functions of one face and one frame; the words for the user are `Assessable`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from realtime.face.face import Face
from realtime.face.geometry import face_box, face_pixels, inter_ocular
from realtime.face.head_pose import head_angles
from realtime.limits import Limits


class Assessable(Enum):
    """Whether the face is assessable; with every value but YES its seconds are in no rate."""

    YES = "assessable"
    NO_FACE = "no face"
    PICTURE = "a picture, not a person"
    TOO_SMALL = "face too small"
    TOO_DARK = "too dark"
    TURNED_AWAY = "turned away"
    CUT_OFF = "partly out of the picture"
    LOW_RATE = "under 15 fps"
    TOO_SLOW = "this machine is too slow"
    UNSTABLE = "head moving too fast"
    OCCLUDED = "face covered"
    COMPRESSED = "video too compressed"
    SETTLING = "learning this face at rest"
    INSENSITIVE = "too much motion"
    PAUSED = "paused by the user"


@dataclass(frozen=True, slots=True)
class AssessConfig:
    # A movement of 1 % IOD is 0.3 px of the frame at 32 px; less is lost in a webcam's compression.
    min_iod_px: Annotated[float, Limits("smallest inter-ocular distance, px", 1, 2000)] = 32.0
    # Below it sensor noise swamps the texture.
    min_grey: Annotated[float, Limits("darkest mean of a face, grey levels", 0, 255)] = 35.0
    min_contrast: Annotated[
        float, Limits("smallest standard deviation of a face, grey levels", 0, 128)
    ] = 8.0
    # Beyond it half of the face is foreshortened away.
    max_turn_deg: Annotated[float, Limits("largest yaw or pitch of the head, degrees", 0, 90)] = (
        30.0
    )
    # Beyond it regions of one side are missing.
    max_outside: Annotated[
        float, Limits("largest share of the face's box outside the frame", 0, 1)
    ] = 0.2
    # 15, less the error of a measured rate.
    min_fps: Annotated[float, Limits("lowest frame rate, frames a second", 1, 1000)] = 14.5
    leeway: Annotated[
        float, Limits("how far past a limit a face stays assessable, share of the limit", 0, 1)
    ] = 0.1


def assess(
    face: Face | None,
    grey: NDArray[np.uint8],
    fps: float,
    config: AssessConfig | None = None,
    *,
    judged: bool = False,
) -> Assessable:
    """Judge one frame (h, w).

    Args:
        fps: 0 means not measured yet.
        judged: whether this face was judged on the frame before.  It stays so a little past the
            limits: else it would alternate there, and its noise be measured again each time.
    """
    config = config or AssessConfig()
    leeway = config.leeway if judged else 0.0
    if face is None:
        return Assessable.NO_FACE
    if inter_ocular(face.landmarks) < config.min_iod_px * (1 - leeway):
        return Assessable.TOO_SMALL
    angles = head_angles(face.landmarks)
    if max(abs(angles.yaw), abs(angles.pitch)) > config.max_turn_deg * (1 + leeway):
        return Assessable.TURNED_AWAY
    seen = face_pixels(grey, face.landmarks)
    left, top, right, bottom = face_box(face.landmarks)
    whole = (right - left) * (bottom - top)
    if seen.size < (1 - config.max_outside * (1 + leeway)) * whole:
        return Assessable.CUT_OFF
    skin = seen[::4, ::4]  # every fourth pixel gives the same result
    light, contrast = skin.mean() / (1 - leeway), skin.std() / (1 - leeway)
    if light < config.min_grey or contrast < config.min_contrast:
        return Assessable.TOO_DARK
    if 0 < fps < config.min_fps:
        return Assessable.LOW_RATE
    return Assessable.YES
