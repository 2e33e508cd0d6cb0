"""A dataset's clip as the live path would see it: aligned grey crops of onset and apex.

Called by `model.datasets.cache`.  The face is found on the onset frame and every later frame is
laid onto it by the live path's tracker and stabiliser, in time order, so that training and
testing see the crops that live does.  Kept are the frames the paper's apex randomisation may
choose (eq. 2-4).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.apex import apex_range
from model.datasets.record import Record
from realtime.face.face import FaceTracker
from realtime.stabiliser import Stabiliser

R = 0.4  # of eq. 2-4
MOST_FRAMES = 16  # of the apex range, evenly spaced; at 200 frames a second it holds 30
# The detector wants the head with some ground around it, and no smaller than this.
_SMALL_PX = 400
_BORDER = 0.25


@dataclass(frozen=True, slots=True)
class AlignedClip:
    dataset: str
    subject: str
    clip: str
    label: int  # class of the label set, 0 and up
    onset: NDArray[np.uint8]  # (224, 224)
    later: NDArray[np.uint8]  # (m, 224, 224) the frames an apex may be chosen from
    numbers: NDArray[np.int64]  # (m,) their frame numbers
    apex: int  # which of them is the labelled apex
    span: tuple[int, int]  # frame numbers of onset and offset

    def labelled_pair(self) -> NDArray[np.uint8]:
        """(2, 224, 224) onset and labelled apex: what is tested on."""
        return np.stack([self.onset, self.later[self.apex]])


def labelled_apex(record: Record) -> int:
    """The coded apex; without one the middle of the movement, as the field does for SMIC."""
    if record.apex is not None and record.apex > record.onset:
        return record.apex
    last = record.offset if record.offset is not None else max(record.frames)
    return record.onset + max((last - record.onset) // 2, 1)


def align_clip(record: Record, label: int, tracker: FaceTracker) -> AlignedClip | str:
    """The aligned clip, or in a few words why there is none."""
    apex = labelled_apex(record)
    last = record.offset if record.offset is not None else apex
    low, high = apex_range(record.onset, apex, max(last, apex), R)
    there = [number for number in record.frames if low <= number <= high]
    if record.onset not in record.frames or not there:
        return "onset or apex is not among the pictures"
    nearest = min(there, key=lambda number: abs(number - apex))
    spread = np.linspace(0, len(there) - 1, min(MOST_FRAMES, len(there))).round().astype(int)
    numbers = sorted({nearest, *(there[index] for index in spread)})
    crops: list[NDArray[np.uint8]] = []
    tracker.reset()
    stabiliser = Stabiliser()
    for number in (record.onset, *numbers):
        picture = cv2.imread(str(record.frames[number]), cv2.IMREAD_COLOR)
        if picture is None:
            return "a picture cannot be read"
        image = _with_ground(np.asarray(picture, np.uint8), record.cropped)
        t_ns = round((number - record.onset) / record.fps * 1e9)
        faces = tracker.update(t_ns, image)
        if not faces:
            return "no face found"
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        crops.append(stabiliser.update(t_ns, grey, faces[0]).crop)
    return AlignedClip(
        record.dataset,
        record.subject,
        record.clip,
        label,
        crops[0],
        np.stack(crops[1:]),
        np.array(numbers, np.int64),
        numbers.index(nearest),
        (record.onset, max(last, nearest)),
    )


def _with_ground(picture: NDArray[np.uint8], cropped: bool) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if cropped:
        edge = round(_BORDER * max(height, width))
        picture = np.asarray(
            cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_REPLICATE), np.uint8
        )
    smaller = min(picture.shape[:2])
    if smaller < _SMALL_PX:
        scale = _SMALL_PX / smaller
        picture = np.asarray(
            cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8
        )
    return picture
