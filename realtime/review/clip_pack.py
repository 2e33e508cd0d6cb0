"""A stretch in one piece for the browser: every frame as a JPEG, and how far each region moved.

Pictures in a row, so that a step is a frame exactly.  The piece begins with the length of its
header (4 bytes, little endian), then the header (JSON), then the JPEGs.

    times     of each frame, s
    sizes     of each JPEG, bytes
    side      of a picture, pixels
    centres   of each region, (31, 2) pixels
    motion    of each frame, 62 numbers: x and y of each region's displacement, pixels
    gaze      of each frame, to the person's left and upwards, or null
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import cv2
import numpy as np

from realtime.errors import SourceError
from realtime.review.replay import SIDE, ReplayFrame

_QUALITY = 92


def pack(frames: Iterable[ReplayFrame]) -> bytes:
    """Raises SourceError where there is no frame."""
    times, motion, gaze, pictures = [], [], [], list[bytes]()
    centres = np.zeros((0, 2))
    for frame in frames:
        _, jpeg = cv2.imencode(".jpg", frame.picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        pictures.append(jpeg.tobytes())
        times.append(round(frame.t_s, 6))
        motion.append(np.round(frame.displacement, 2).ravel().tolist())
        gaze.append(frame.gaze and [round(share, 3) for share in frame.gaze])
        centres = frame.centres
    if not pictures:
        raise SourceError("no frame of it could be read")
    header = json.dumps(
        {
            "times": times,
            "sizes": [len(picture) for picture in pictures],
            "side": SIDE,
            "centres": np.round(centres, 1).tolist(),
            "motion": motion,
            "gaze": gaze,
        }
    ).encode()
    return b"".join((len(header).to_bytes(4, "little"), header, *pictures))
