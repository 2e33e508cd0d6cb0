"""Tells a damaged JPEG by its picture, which decoders hand out as if nothing were wrong.

A few wrong bytes leave a JPEG decodable: its blocks, coded one after another, are right up to some
place and wrong from there to the end.  So blocks change from one place of the picture on, in the
order of coding, and none before it.  What moves in front of a camera does not stop at such a place.

Pure: used by the sources that decode JPEG, a camera and a stream.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_BLOCK_PX = 16
_CHANGED = 2.0  # grey levels of a block's mean, against the last whole picture
_TORN = 0.8  # share of changed blocks behind the place, less the share before it
_MARGIN = 0.04  # of the blocks, at the beginning and at the end: too few for a share
_IN_A_ROW = 3  # pictures: what goes on for longer is what the camera sees


class TearFinder:
    """Compares each picture with the last whole one before it."""

    def __init__(self) -> None:
        self._whole: NDArray[np.float32] | None = None
        self._torn: list[NDArray[np.float32]] = []  # those since

    def is_torn(self, image: NDArray[np.uint8]) -> bool:
        """Whether a picture (h, w, 3) is damaged from some place on.

        Two alike are no accident: there was a cut, or something was put before the lens.
        """
        means = _block_means(image)
        if (
            self._whole is not None
            and self._whole.shape == means.shape
            and len(self._torn) < _IN_A_ROW
            and _tear(self._whole, means) > _TORN
            and not any(_tear(torn, means) <= _TORN for torn in self._torn)
        ):
            self._torn.append(means)
            return True
        self._whole = means
        self._torn.clear()
        return False


def _block_means(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Green mean of every block, in the order of coding: (n,)."""
    rows, columns = image.shape[0] // _BLOCK_PX, image.shape[1] // _BLOCK_PX
    if not rows * columns:
        return np.zeros(0, np.float32)
    whole = image[: rows * _BLOCK_PX, : columns * _BLOCK_PX]
    means = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return means[..., 1].astype(np.float32).ravel()


def _tear(before: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """How much more of the picture has changed behind the most likely place than before it."""
    changed = np.abs(now - before) > _CHANGED
    count = len(changed)
    places = np.arange(int(_MARGIN * count) + 1, count - int(_MARGIN * count))
    if not len(places):
        return 0.0
    sums = np.concatenate(([0], np.cumsum(changed)))
    share_before = sums[places] / places
    share_behind = (sums[-1] - sums[places]) / (count - places)
    return float((share_behind - share_before).max())
