"""Faces of people: a face that never moves is a picture, and gives way to one that does.

A poster, a photograph or the frozen tile of a video call may be the largest face in view.  A
person at rest sways, breathes and blinks: within one second the mean of some cell of the face's box
changes by 0.15 of the face's contrast and more, that of a compressed picture by 0.02.
A picture is painted over until something changes in its place, so
that no tracker finds it.  Pure.  Called by the analysis.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.face.face import Face, FaceTracker
from realtime.face.geometry import face_box

STILL_NS = 1_500_000_000  # a person is not as still as a picture for as long
_FRAMES = 10  # in that time: fewer might miss what moved
_CELLS = 12  # along each side of the box; noise of the pixels averages out
_STILL = 0.04  # largest change of a cell's mean, share of the face's contrast


@dataclass(slots=True)
class _Place:
    """A box of the frame as it was seen first, and since when it has not changed."""

    box: tuple[int, int, int, int]  # left, top, right, bottom
    cells: NDArray[np.float32]
    since_ns: int
    frames: int = 1

    def is_unchanged(self, grey: NDArray[np.uint8]) -> bool:
        return bool(_largest_change(_cells(grey, self.box), self.cells) <= _STILL)


@njit(nogil=True, cache=True)
def _largest_change(now, then):  # type: ignore[no-untyped-def]
    """Of a cell (n, n), share of the contrast then; exposure may have changed."""
    cells, before = now.ravel(), then.ravel()
    mean = mean_before = 0.0
    for i in range(len(cells)):
        mean += cells[i] / len(cells)
        mean_before += before[i] / len(cells)
    light = mean_before / max(mean, 1.0)
    change = squares = 0.0
    for i in range(len(cells)):
        change = max(change, abs(cells[i] * light - before[i]))
        squares += (before[i] - mean_before) ** 2
    return change / max(np.sqrt(squares / len(cells)), 1e-6)


class WatchedFaces:
    """Reads faces from a tracker and leaves out pictures."""

    def __init__(self, tracker: FaceTracker) -> None:
        self._tracker = tracker
        self._places: dict[int, _Place] = {}  # of each face that is tracked
        self._pictures: list[_Place] = []

    @property
    def pictures(self) -> int:
        """Faces left out of the newest frame, because they never move."""
        return len(self._pictures)

    def reset(self) -> None:
        self._tracker.reset()
        self._places.clear()
        self._pictures.clear()

    def track(
        self, t_ns: int, image: NDArray[np.uint8], grey: NDArray[np.uint8]
    ) -> tuple[Face, ...]:
        """Faces of one BGR frame (h, w, 3) and the same in grey, as `FaceTracker.track`."""
        size = grey.shape
        self._pictures = [p for p in self._pictures if _fits(p, size) and p.is_unchanged(grey)]
        faces = self._tracker.track(t_ns, self._painted(image))
        still = [face for face in faces if self._is_still(t_ns, grey, face)]
        for face in still:
            self._pictures.append(self._places.pop(face.id))
            self._tracker.give_up(face.id)
        left = tuple(face for face in faces if face not in still) if still else faces
        self._places = {face.id: self._places[face.id] for face in left if face.id in self._places}
        return left

    def _is_still(self, t_ns: int, grey: NDArray[np.uint8], face: Face) -> bool:
        place = self._places.get(face.id)
        if place is None or not _fits(place, grey.shape) or not place.is_unchanged(grey):
            box = _inside(face, grey.shape)
            if box is not None:
                self._places[face.id] = _Place(box, _cells(grey, box), t_ns)
            return False
        place.frames += 1
        return place.frames >= _FRAMES and t_ns - place.since_ns >= STILL_NS

    def _painted(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if not self._pictures:
            return image
        painted = image.copy()
        for picture in self._pictures:
            left, top, right, bottom = picture.box
            painted[top:bottom, left:right] = round(float(picture.cells.mean()))
        return painted


def _inside(face: Face, size: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """The face's box as far as it is in the frame; None where too little of it is."""
    left, top, right, bottom = (round(edge) for edge in face_box(face.landmarks))
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, size[1]), min(bottom, size[0])
    if right - left < 2 * _CELLS or bottom - top < 2 * _CELLS:
        return None
    return left, top, right, bottom


def _fits(place: _Place, size: tuple[int, ...]) -> bool:
    return place.box[2] <= size[1] and place.box[3] <= size[0]


def _cells(grey: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    left, top, right, bottom = box
    seen = cv2.resize(grey[top:bottom, left:right], (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(seen, np.float32)
