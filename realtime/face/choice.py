"""Which faces to watch when there are more than requested: `--face`.

A face that is followed is followed on.  One that was lost a moment ago is waited for, so that a
hand before it or a turn of the head does not hand the place to somebody else.  Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realtime.face.face import Face
from realtime.face.geometry import face_box

FaceChoice = Literal["largest", "centre", "left", "right"]

_WAIT_NS = 1_000_000_000  # for a face that was lost
_REACH = 1.0  # how far off it may come back, share of its side
_RESIZED = 1.6  # and how much larger or smaller


class FaceChooser:
    """Chooses among faces that were newly found."""

    def __init__(self, choice: FaceChoice = "largest") -> None:
        self._choice = choice
        self._lost: list[tuple[int, NDArray[np.float64], float]] = []  # when, where, side

    def reset(self) -> None:
        self._lost.clear()

    def lose(self, t_ns: int, face: Face) -> None:
        """A face that was followed was not found in this frame; `face` as it was before."""
        self._lost.append((t_ns, *_place(face)))

    def choose(self, t_ns: int, found: Sequence[Face], count: int, width: int) -> list[Face]:
        """At most `count` of the faces found in a frame, as wide as `width`, best first."""
        self._lost = [lost for lost in self._lost if t_ns - lost[0] <= _WAIT_NS]
        chosen: list[Face] = []
        rest = sorted(found, key=lambda face: self._rank(face, width))
        for lost in list(self._lost):
            same = next((face for face in rest if _is_same(face, lost)), None)
            if same is not None and len(chosen) < count:
                rest.remove(same)
                self._lost.remove(lost)
                chosen.append(same)
        free = max(0, count - len(chosen) - len(self._lost))  # the others are kept for the lost
        return chosen + rest[:free]

    def _rank(self, face: Face, width: int) -> float:
        """Less is better."""
        left, top, right, bottom = face_box(face.landmarks)
        middle = (left + right) / 2
        match self._choice:
            case "largest":
                return -max(right - left, bottom - top)
            case "centre":
                return abs(middle - width / 2)
            case "left":
                return middle
            case "right":
                return -middle


def _place(face: Face) -> tuple[NDArray[np.float64], float]:
    left, top, right, bottom = face_box(face.landmarks)
    return np.array([(left + right) / 2, (top + bottom) / 2]), max(right - left, bottom - top)


def _is_same(face: Face, lost: tuple[int, NDArray[np.float64], float]) -> bool:
    centre, side = _place(face)
    _, was_at, was_side = lost
    near = float(np.hypot(*(centre - was_at))) <= _REACH * was_side
    return near and was_side / _RESIZED <= side <= was_side * _RESIZED
