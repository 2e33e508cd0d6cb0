"""A stretch as pictures of the face, in colour, held still as the live path does, and what moved.

Aligned to the first frames throughout: no keyframe is renewed while it fits, since each renewal
moves the picture a little, and small movements are to be seen.  Lengths are pixels of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.capture.source import TimedFrame
from realtime.face.affine import compose, inverse
from realtime.face.face import Box, Face, FaceTracker
from realtime.face.geometry import CROP_SIZE, cut_out, face_box, widened
from realtime.motion.region_motion import RegionMotion
from realtime.motion.regions import REGIONS, region_centres
from realtime.motion.stabiliser import Affine, Stabiliser, StabiliserConfig

SIDE = 560  # pixels of a picture, both ways
_SCALE = SIDE / CROP_SIZE
_NEVER_S = 1e9
_EVERYWHERE = (0.0, 0.0, 1e9, 1e9)
_ROOM = 1.0  # around the face: a small one is detected in it, and few others
_SAME_PERSON = 0.5  # from one frame to the next, in widths of the face: two faces are farther apart

OpenFrames = Callable[[], Iterator[TimedFrame]]


@dataclass(frozen=True, slots=True)
class ReplayFrame:
    """One frame of the stretch."""

    t_s: float  # in the time base of the session
    picture: NDArray[np.uint8]  # (SIDE, SIDE, 3) BGR, the head held still
    centres: NDArray[np.float64]  # (31, 2) of the regions
    displacement: NDArray[np.float64]  # (31, 2) since the face was found, head motion removed
    gaze: tuple[float, float] | None  # to the person's left, upwards; None: no face


@dataclass(frozen=True, slots=True)
class FacePosition:
    """Where the face was that moved."""

    t_s: float  # in the time base of the session
    box: Box


def replay(
    frames: OpenFrames, tracker: FaceTracker, spot: FacePosition | None = None
) -> Iterator[ReplayFrame]:
    """Every frame of a stretch.  Where no face is found, the place of the last one is shown.

    Args:
        frames: opens the stretch; called twice.
        tracker: of several faces, where there are several people.
        spot: None: the largest face.

    Raises:
        SourceError: it cannot be read.
    """
    room = _EVERYWHERE if spot is None else widened(spot.box, _ROOM)
    person = _faces(frames, tracker, spot, room)
    stabiliser = Stabiliser(StabiliserConfig(renew_s=_NEVER_S))
    motion = RegionMotion()
    to_crop: Affine | None = None
    back = np.eye(2, 3)  # from the crop as it is aligned now to the first
    centres = displacement = np.zeros((len(REGIONS), 2))
    for frame, face in zip(frames(), person, strict=True):
        near = cut_out(frame.image, room)
        if face is None:
            stabiliser.reset()
        else:
            grey = np.asarray(cv2.cvtColor(near, cv2.COLOR_BGR2GRAY), np.uint8)
            held = stabiliser.align(frame.t_ns, grey, face)
            to_crop = compose(back, held.transform)
            back = compose(back, inverse(held.onward))
            centres = _SCALE * region_centres(held.keyframe.points)
            displacement = _SCALE * motion.measure(held).displacement
        yield ReplayFrame(
            frame.t_ns / 1e9,
            _whole(frame.image) if to_crop is None else _cut(near, to_crop),
            centres,
            displacement,
            None if face is None else (face.signs.gaze_x, face.signs.gaze_y),
        )


def _faces(
    frames: OpenFrames, tracker: FaceTracker, spot: FacePosition | None, room: Box
) -> list[Face | None]:
    """That person's face in every frame, where it lies in the room around it."""
    tracker.reset()
    seen = []
    for frame in frames():
        near = cut_out(frame.image, room)
        seen.append((frame.t_ns / 1e9, tracker.track(frame.t_ns, near) if near.size else ()))
    if spot is None:
        return [next(iter(found), None) for _, found in seen]
    left, top = (max(int(place), 0) for place in room[:2])
    x0, y0, x1, y1 = spot.box
    box = x0 - left, y0 - top, x1 - left, y1 - top
    first = min(range(len(seen)), key=lambda k: abs(seen[k][0] - spot.t_s), default=0)
    after = _followed([found for _, found in seen[first:]], box)
    before = _followed([found for _, found in seen[:first][::-1]], box)
    return [*before[::-1], *after]


def _followed(seen: Iterable[Sequence[Face]], box: Box) -> list[Face | None]:
    """From frame to frame the face that lies where it was."""
    person: list[Face | None] = []
    for faces in seen:
        boxed = ((face, face_box(face.landmarks)) for face in faces)
        here = ((face, place) for face, place in boxed if _apart(box, place) < _SAME_PERSON)
        face, box = next(here, (None, box))
        person.append(face)
    return person


def _apart(one: Box, other: Box) -> float:
    """Between the middles of two boxes, in widths of the first."""
    x, y = (one[k] + one[k + 2] - other[k] - other[k + 2] for k in (0, 1))
    return float(np.hypot(x, y)) / 2 / (one[2] - one[0])


def _cut(image: NDArray[np.uint8], to_crop: Affine) -> NDArray[np.uint8]:
    larger = _SCALE * to_crop
    larger[:, 2] += (_SCALE - 1) / 2  # pixels are counted from their middles
    picture = cv2.warpAffine(image, larger, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    return np.asarray(picture, np.uint8)


def _whole(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    picture[top : top + size[1], left : left + size[0]] = small
    return picture
