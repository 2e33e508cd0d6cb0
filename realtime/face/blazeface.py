"""BlazeFace, short range: where the faces are, about two metres from the camera and nearer.

Input: a frame or a part of it, letterboxed to 128×128.  Output: boxes and six key points.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.litert import Network

_SIZE = 128
_SCORE = 0.5
_OVERLAP = 0.3  # boxes that overlap more are one face; the surest are averaged
_LOGIT_LIMIT = 80.0  # exp of more overflows a float32


def _anchors() -> NDArray[np.float32]:
    """Centres of the 896 anchors as shares of the input: 16×16×2, then 8×8×6, row by row."""
    grids = []
    for cells, per_cell in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        centres = np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5
        grids.append(np.repeat(centres / cells, per_cell, axis=0))
    return np.concatenate(grids).astype(np.float32)


_ANCHORS = _anchors()


@dataclass(frozen=True, slots=True)
class Detection:
    """One face, in pixels of the picture that was searched."""

    centre: NDArray[np.float64]  # (2,)
    size: float  # longer side of its box
    eyes: NDArray[np.float64]  # (2, 2) the person's right, then left
    score: float

    def shifted(self, x: float, y: float) -> Detection:
        """The same in a picture of which x, y is the first pixel of the searched part."""
        offset = np.array([x, y], np.float64)
        return Detection(self.centre + offset, self.size, self.eyes + offset, self.score)


class FaceDetector:
    def __init__(self, model: bytes) -> None:
        self._network = Network(model)

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        """Faces of a BGR picture (h, w, 3), the surest first."""
        height, width = image.shape[:2]
        scale = _SIZE / max(height, width)
        small = cv2.resize(
            image,
            (max(1, round(width * scale)), max(1, round(height * scale))),
            interpolation=cv2.INTER_AREA,
        )
        h, w = small.shape[:2]

        def fill(values: NDArray[np.float32]) -> None:
            values[:] = -1.0
            values[0, :h, :w] = small[:, :, ::-1] / np.float32(127.5) - 1

        boxes, scores = self._network.run(fill, (896, 16), (896, 1))
        logits = np.clip(scores[:, 0], -_LOGIT_LIMIT, _LOGIT_LIMIT)
        likely = 1.0 / (1.0 + np.exp(-logits))
        keep = np.flatnonzero(likely > _SCORE)
        keep = keep[np.argsort(-likely[keep], kind="stable")]
        raw = boxes[keep].reshape(-1, 8, 2) / np.float32(_SIZE)  # centre, size, six key points
        raw[:, 0] += _ANCHORS[keep]
        raw[:, 2:] += _ANCHORS[keep][:, None]
        return _merged(raw * np.float32(_SIZE / scale), likely[keep])


def _merged(raw: NDArray[np.floating], scores: NDArray[np.floating]) -> list[Detection]:
    """Weighted non-maximum suppression: overlapping boxes are averaged by their scores."""
    low = raw[:, 0] - raw[:, 1] / 2
    high = raw[:, 0] + raw[:, 1] / 2
    left = np.ones(len(raw), bool)
    found = []
    for i in range(len(raw)):
        if not left[i]:
            continue
        inside = np.minimum(high, high[i]) - np.maximum(low, low[i])
        shared = np.prod(np.clip(inside, 0, None), axis=1)
        union = np.prod(high - low, axis=1) + np.prod(high[i] - low[i]) - shared
        same = left & (shared / np.maximum(union, 1e-9) > _OVERLAP)
        same[i] = True
        left &= ~same
        mean = np.average(raw[same].astype(np.float64), axis=0, weights=scores[same])
        found.append(Detection(mean[0], float(mean[1].max()), mean[2:4], float(scores[i])))
    return found
