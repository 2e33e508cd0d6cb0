"""The face, with the regions that moved tinted; where there is no room, words say it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType
from rich.text import Text

from realtime.dashboard.listed_events import FLAG_S
from realtime.dashboard.pictures import Look, PictureBlock
from realtime.motion.regions import AU_REGION, MEMBERS, REGIONS, Stream
from realtime.status import FacePicture, MotionWindow, Status

_MOVED_S = 0.4  # a group stays tinted for this long after its score was above the threshold
_SHARE = 0.25  # of an event's motion that makes a region part of it
_MOVED_BGR, _FLAGGED_BGR = (40, 200, 255), (200, 60, 255)
_OPACITY = 0.4
_LEAST_PX = 160  # along a side: a tint on fewer pixels has no shape
_HALF_IOD = np.array([region.half_iod for region in REGIONS])  # (31,)


def face(status: Status, look: Look, rows: int) -> RenderableType:
    if status.face is None or rows < 3:
        return Text("no face", "dim", justify="center")
    return PictureBlock(tinted(status.face, moved(status.motion), flagged(status)), look, rows)


def moved(window: MotionWindow) -> NDArray[np.bool_]:
    """(31,) regions whose group was above its threshold just now."""
    recent = max(1, round(_MOVED_S / window.slot_s))
    above = {
        trace.name
        for trace in window.traces
        if math.isfinite(trace.threshold)
        and any(v >= trace.threshold for v in trace.values[-recent:])
    }
    out = np.zeros(len(REGIONS), bool)
    for stream in Stream:
        if stream.value in above:
            out[MEMBERS[stream]] = True
    return out


def flagged(status: Status) -> NDArray[np.bool_]:
    """(31,) regions of the events that were flagged a moment ago."""
    out = np.zeros(len(REGIONS), bool)
    for event in status.events:
        if event.kind == "micro" and 0 <= status.elapsed_s - event.flagged_s < FLAG_S:
            out |= (np.array(event.regions) >= _SHARE)[AU_REGION - 1]
    return out


def tinted(
    face: FacePicture, moved: NDArray[np.bool_], flagged: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """The picture with a disc on every region that moved; of (h, w, 3) BGR."""
    if not (moved.any() or flagged.any()):
        return face.image
    scale = max(1.0, _LEAST_PX / min(face.image.shape[:2]))
    image = cv2.resize(face.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    colours = image.copy()
    for k in np.flatnonzero(moved | flagged):
        centre = tuple(np.round(scale * face.regions[k]).astype(int).tolist())
        radius = max(1, round(scale * float(_HALF_IOD[k]) * face.iod_px))
        cv2.circle(colours, centre, radius, _FLAGGED_BGR if flagged[k] else _MOVED_BGR, -1)
    return np.asarray(cv2.addWeighted(colours, _OPACITY, image, 1 - _OPACITY, 0.0), np.uint8)
