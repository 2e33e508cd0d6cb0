"""Squares of the frame that the face detector sees larger than in the whole frame.

The detector's input has 128 px: a face is detected from 7 px between the eyes there, so from 70 px
in the whole of a 1280×720 frame.  Squares of 512 px lower that to 28 px in a frame of any size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SMALLEST_PX = 512
_LARGEST_SHARE = 0.8  # of the longer side of the frame; a larger square gains too little
_OVERLAP = 0.25  # of the side: the largest face that only squares of this side show fits into it


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a frame, in its pixels; square, but for what lies outside the frame."""

    left: int
    top: int
    width: int
    height: int

    def cut_from(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What a frame (h, w, 3) shows there.  A view."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


def tiles(width: int, height: int) -> tuple[Tile, ...]:
    """Tiles that cover a frame at each scale, the largest first; none if the frame is small."""
    side, sides = _SMALLEST_PX, []
    while side <= _LARGEST_SHARE * max(width, height):
        sides.append(side)
        side *= 2
    return tuple(
        Tile(left, top, min(side, width), min(side, height))
        for side in reversed(sides)
        for top in _starts(height, side)
        for left in _starts(width, side)
    )


def _starts(length: int, side: int) -> list[int]:
    """First pixels of the fewest tiles that cover a length, evenly spaced."""
    rest = length - side
    if rest <= 0:
        return [0]
    steps = math.ceil(rest / (side * (1 - _OVERLAP)))
    return [round(rest * step / steps) for step in range(steps + 1)]
