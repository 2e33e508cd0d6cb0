"""One frame as the values of the timeline's channels: the regions' displacements, then `Channel`.

Pure; no clock, no thread, no file.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from realtime.face.face import Face
from realtime.face.geometry import CROP_EYES, CROP_IOD, inter_ocular
from realtime.face.head_pose import head_angles
from realtime.motion.region_motion import Motion
from realtime.motion.stabiliser import Stabilised
from realtime.spotting.channels import CHANNELS, FIRST, Channel

_SKIN = np.s_[30:200:4, 40:184:4]  # of the crop; every fourth pixel tells the same
_MAX_PERIOD_S = 0.2


class FrameChannels:
    """One face.  Sums up the way of its eyes through the frame since the last `reset`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._last_ns: int | None = None
        self._middle: tuple[float, float] | None = None  # of the eyes, frame pixels
        self._way_x = self._way_y = 0.0  # IOD

    def values(self, stabilised: Stabilised, face: Face, motion: Motion) -> NDArray[np.float64]:
        """The frame's row (CHANNELS,); times must move forward."""
        row = np.empty(CHANNELS)
        row[:FIRST] = motion.displacement.ravel()
        seen, t_ns = face.signs, stabilised.t_ns
        # where the eyes lie in the frame, how they are tilted and how large the face is
        (a, b, x), (c, d, y) = stabilised.transform.tolist()
        scale = math.hypot(a, c)
        x, y = CROP_EYES[0] - x, CROP_EYES[1] - y
        middle = (d * x - b * y) / (a * d - b * c), (a * y - c * x) / (a * d - b * c)
        if self._middle is not None:
            self._way_x += (middle[0] - self._middle[0]) * scale / CROP_IOD
            self._way_y += (middle[1] - self._middle[1]) * scale / CROP_IOD
        self._middle = middle
        angles = head_angles(face.landmarks)
        period_s = 0.0 if self._last_ns is None else (t_ns - self._last_ns) / 1e9
        self._last_ns = t_ns
        values = row[FIRST:]
        values[Channel.BLINK] = max(seen.blink_left, seen.blink_right)
        values[Channel.GAZE_X] = seen.gaze_x
        values[Channel.GAZE_Y] = seen.gaze_y
        values[Channel.JAW] = seen.jaw_open
        values[Channel.BROKEN] = float(motion.broken)
        values[Channel.RENEWED] = float(stabilised.renewed)
        values[Channel.DISTURBANCE] = motion.disturbance_px
        values[Channel.HEAD_X] = self._way_x
        values[Channel.HEAD_Y] = self._way_y
        values[Channel.ROLL] = math.atan2(c, a)
        values[Channel.SIZE] = -math.log(scale)
        values[Channel.YAW] = math.radians(angles.yaw)
        values[Channel.PITCH] = math.radians(angles.pitch)
        values[Channel.LIGHT] = float(np.log(stabilised.picture[_SKIN].mean() + 1.0))
        values[Channel.NCC] = float(motion.ncc.mean())
        values[Channel.PERIOD] = min(period_s, _MAX_PERIOD_S)
        values[Channel.FACE_PX] = math.log2(max(inter_ocular(face.landmarks), 1.0))
        values[Channel.COARSE] = stabilised.coarse
        return row
