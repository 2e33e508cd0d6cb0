"""A clip as pictures of one face, held still as the live path holds it, but large and in colour.

Held against the clip's first frames throughout: no keyframe is renewed while it fits, since each
renewal moves the picture a little, and a person looks for little movements.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.affine import compose, inverse
from realtime.face.face import FaceTracker
from realtime.face.geometry import CROP_SIZE
from realtime.sources.video import VideoFile
from realtime.stabiliser import Affine, Stabiliser, StabiliserConfig

SIDE = 560  # pixels of a picture, both ways
_NEVER_S = 1e9


@dataclass(frozen=True, slots=True)
class Look:
    """One frame of the clip."""

    t_s: float  # from the clip's first frame
    face: NDArray[np.uint8]  # (SIDE, SIDE, 3) BGR, the head held still
    whole: NDArray[np.uint8]  # (SIDE, SIDE, 3) the frame as it was, on black


def replay(clip: Path, tracker: FaceTracker) -> tuple[Look, ...]:
    """Every frame of a clip.  Where no face is found, the place of the last one is shown.

    Raises:
        SourceError: the clip cannot be read.
    """
    return tuple(_looks(clip, tracker))


def _looks(clip: Path, tracker: FaceTracker) -> Iterator[Look]:
    tracker.reset()
    stabiliser = Stabiliser(StabiliserConfig(renew_s=_NEVER_S))
    to_crop: Affine | None = None
    back = np.eye(2, 3)  # from the crop as it is aligned now to the clip's first
    with closing(VideoFile(clip)) as video:
        for shot in iter(video.read, None):
            face = next(iter(tracker.update(shot.t_ns, shot.image)), None)
            if face is None:
                stabiliser.reset()
            else:
                grey = np.asarray(cv2.cvtColor(shot.image, cv2.COLOR_BGR2GRAY), np.uint8)
                held = stabiliser.update(shot.t_ns, grey, face)
                to_crop = compose(back, held.transform)
                back = compose(back, inverse(held.onward))
            whole = _whole(shot.image)
            yield Look(
                shot.t_ns / 1e9, whole if to_crop is None else _face(shot.image, to_crop), whole
            )


def _face(image: NDArray[np.uint8], to_crop: Affine) -> NDArray[np.uint8]:
    scale = SIDE / CROP_SIZE
    larger = scale * to_crop
    larger[:, 2] += (scale - 1) / 2  # pixels are counted from their middles
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
