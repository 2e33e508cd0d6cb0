"""Where faces may be: the detector on the whole frame and, in turn, on its tiles.

A frame costs at most `RUNS_A_FRAME` runs of the detector, some 6 ms: the whole frame, then the
next tiles of a fixed round.  A 3840×2160 frame has 81 tiles: a round takes 27 frames.
Pure but for the place in the round: the same frames give the same detections.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.face.blazeface import Detection, FaceDetector
from realtime.face.tiles import Tile, tiles

RUNS_A_FRAME = 4  # of the detector
# Of 58 faces with 32 px between the eyes, of six cameras, none scored under 0.87; of textures
# none above 0.68.
_MIN_TILE_SCORE = 0.7
_MAX_TILE_SHARE = 0.4  # of a tile's longer side; a larger face is seen at the scale above
_MIN_SHARE = 7 / 128  # eye distance that the detector needs, share of the longer side of its input


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the detector takes for faces in one frame, the surest first."""

    whole: list[Detection]  # seen in the whole frame
    tiled: list[Detection]  # seen in tiles; several may be one face


class FaceSearch:
    def __init__(self, model: bytes) -> None:
        self._detector = FaceDetector(model)
        self.reset()

    def reset(self) -> None:
        """Begin the round again."""
        self._shape: tuple[int, ...] = ()
        self._tiles: tuple[Tile, ...] = ()
        self._next = 0

    def search(self, image: NDArray[np.uint8]) -> Candidates:
        """Candidates of a BGR frame (h, w, 3)."""
        height, width = image.shape[:2]
        if (height, width) != self._shape:
            self._shape, self._tiles, self._next = (height, width), tiles(width, height), 0
        whole = self._detector.detect(image)
        count = min(RUNS_A_FRAME - 1, len(self._tiles))
        tiled: list[Detection] = []
        for _ in range(count):
            tile = self._tiles[self._next]
            self._next = (self._next + 1) % len(self._tiles)
            tiled.extend(
                found.shifted(tile.left, tile.top)
                for found in self._detector.detect(tile.cut_from(image))
                if found.score >= _MIN_TILE_SCORE
                and found.size <= _MAX_TILE_SHARE * max(tile.width, tile.height)
            )
        return Candidates(whole, sorted(tiled, key=lambda found: -found.score))


def least_iod(image: NDArray[np.uint8]) -> float:
    """Smallest eye distance that is detected in the whole of a frame (h, w, 3), pixels."""
    height, width = image.shape[:2]
    return float(_MIN_SHARE * max(height, width))
