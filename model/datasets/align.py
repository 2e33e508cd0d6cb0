"""A dataset's clip as the live path would see it: aligned grey crops of onset and apex.

Called by `model.datasets.aligned_cache`.  The face is found on the onset frame and every later
frame is laid onto it by the live path's tracker and stabiliser, in time order, so that training and
testing see the crops that live does.  Kept are the frames the paper's apex randomisation may choose
(eq. 2-4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from model.datasets.pair_file import APEX_NS, align_pictures
from model.datasets.record import Record
from model.synthetic.apex_jitter import apex_range
from realtime.encryption.media import read_still
from realtime.face.face import FaceTracker
from realtime.face.geometry import cut_out, widened

R = 0.4  # of eq. 2-4
MOST_FRAMES = 16  # of the apex range, evenly spaced; at 200 frames a second it holds 30
# So soon after the onset, and in so small a share of the rise, next to nothing has moved.
_STILL_S = 0.02
_STILL_RISE = 0.1
# Tight crops lack the head's outline: with half of it added as ground and enlarged so, landmarks
# hold still even where forehead and chin are cut; with a quarter they jump by pixels.
_SMALL_PX = 400
_BORDER = 0.5


@dataclass(frozen=True, slots=True)
class AlignedClip:
    dataset: str
    subject: str
    clip: str
    label: int  # class of the label set, 0 and up; NON_EVENT for what a reviewer called none
    onset: NDArray[np.uint8]  # (224, 224)
    after: NDArray[np.uint8]  # (k, 224, 224) a frame just after it, no motion yet; k 0 or 1
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
    kept = _kept(there, nearest)
    after = _just_after(record, apex, low)
    wanted = [record.onset, *after, *kept]
    pictures = [_read(record, number) for number in wanted]
    if any(picture is None for picture in pictures):
        return "a picture cannot be read"
    times = _times_ns(wanted, record.fps)
    timed = [(t, p) for t, p in zip(times, pictures, strict=True) if p is not None]
    crops = align_pictures(timed, tracker)
    if crops is None:
        return "no face found"
    of = dict(zip(wanted, crops, strict=True))
    return AlignedClip(
        dataset=record.dataset,
        subject=record.subject,
        clip=record.clip,
        label=label,
        onset=crops[0],
        after=np.array([of[number] for number in after], np.uint8).reshape(-1, *crops[0].shape),
        later=np.stack([of[number] for number in kept]),
        numbers=np.array(kept, np.int64),
        apex=kept.index(nearest),
        span=(record.onset, max(last, nearest)),
    )


def _kept(there: Sequence[int], apex: int) -> list[int]:
    """At most MOST_FRAMES of the frame numbers, evenly spaced with both ends, and the apex."""
    if len(there) <= MOST_FRAMES:
        return sorted(there)
    spread = np.linspace(0, len(there) - 1, MOST_FRAMES - 1).round().astype(int)
    return sorted({apex, *(there[index] for index in spread)})


def _just_after(record: Record, apex: int, low: int) -> list[int]:
    """The last frame before anything has moved; none where the camera is too slow for one."""
    reach = min(_STILL_S * record.fps, _STILL_RISE * (apex - record.onset))
    still = [n for n in record.frames if record.onset < n < low and n - record.onset <= reach]
    return still[-1:]


def _times_ns(numbers: Sequence[int], fps: float) -> list[int]:
    """Times of frames, from 0, in which a gap is never longer than the stabiliser bears.

    The range of a slow apex begins so late that it would lose the face on the way, and lay
    what follows by its landmarks alone.  It needs no frames between: the same crops result.
    """
    gaps = [min(round((b - a) / fps * 1e9), APEX_NS) for a, b in pairwise(numbers)]
    return list(accumulate(gaps, initial=0))


def _read(record: Record, number: int) -> NDArray[np.uint8] | None:
    """A frame as BGR, whatever it is on the disk; None when it cannot be read."""
    picture = read_still(record.frames[number])
    if picture is None:
        return None
    face = np.asarray(picture, np.uint8)
    if record.face_box is not None:
        face = cut_out(face, widened(record.face_box, _BORDER))
    return _with_ground(face, record.cropped) if face.size else None


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
