"""What the timeline carries of one frame after the displacements of the regions.

Filled in by `frame_channels`, read by `features`.  Units do not depend on the camera: seconds,
radians, shares of the inter-ocular distance.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from realtime.motion.regions import REGIONS
from realtime.spotting.timeline import Timeline

FIRST = 2 * len(REGIONS)  # channel of the timeline that the signs begin at


class Channel(IntEnum):
    """What the timeline carries after the displacements of the regions."""

    BLINK = 0  # the larger eye's closure
    GAZE_X = 1
    GAZE_Y = 2
    JAW = 3
    BROKEN = 4  # 1 where nothing connects a frame to the one before
    RENEWED = 5  # 1 where a keyframe was renewed
    DISTURBANCE = 6  # what the rigid fit leaves on the skull, crop pixels
    HEAD_X = 7  # way of the eyes through the frame, IOD
    HEAD_Y = 8
    ROLL = 9  # radians
    SIZE = 10  # log of the scale
    YAW = 11  # radians
    PITCH = 12
    LIGHT = 13  # log of the face's mean grey
    NCC = 14  # mean of the regions
    PERIOD = 15  # seconds since the frame before
    FACE_PX = 16  # log2 of the IOD in frame pixels
    COARSE = 17  # `coarseness` of the codec, grey levels


CHANNELS = FIRST + len(Channel)


def signs(timeline: Timeline, first: int, last: int) -> NDArray[np.float64]:
    """(n, len(Channel)) at grid samples first..last."""
    return timeline.span(first, last)[:, FIRST:]
