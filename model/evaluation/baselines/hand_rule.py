"""A rule on optical flow that needs no training: signed motion of a few places of the face.

What DIS flow says of brows, lids, nose wings, mouth corners, lips and chin, after the head's motion
is taken out, is weighed by what each class does there: surprise raises the brows and drops the
jaw; a negative expression lowers and gathers the brows, tightens the lids, lifts the nose, pulls
the mouth corners down or the chin up; a positive one pulls the corners up and outwards.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from model.evaluation.baselines.prediction import BaselinePrediction
from model.evaluation.baselines.similarity import residual
from realtime.face.geometry import CROP_IOD, canonical_in_crop

# Landmarks on the person's right and left; the pictures' places are the canonical ones, since
# every crop is aligned to them.
_PLACES: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "inner brow": ((107, 55), (336, 285)),
    "outer brow": ((105, 70), (334, 300)),
    "upper lid": ((159,), (386,)),
    "lower lid": ((145,), (374,)),
    "cheek": ((118, 205), (347, 425)),
    "nose wing": ((129,), (358,)),
    "mouth corner": ((61,), (291,)),
    "upper lip": ((0,), (0,)),
    "chin": ((200,), (200,)),
}
_RADIUS_PX = 6.0
_SOFTNESS_IOD = 0.003  # a difference of evidence that makes one class e times likelier
_EVENT_IOD = 0.009  # motion taken for an event as often as not; the flow of still faces is 0.5 %
_EVENT_WIDTH_IOD = 0.002

Motion = Mapping[str, NDArray[np.float64]]  # place -> (2 sides, outward and up), IOD


class HandRule:
    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._flow.setFinestScale(0)  # movements are smaller than a pixel
        y, x = np.mgrid[:224, :224]
        points = canonical_in_crop()

        def disc(landmarks: tuple[int, ...]) -> NDArray[np.bool_]:
            near = [np.hypot(x - points[n, 0], y - points[n, 1]) <= _RADIUS_PX for n in landmarks]
            return np.asarray(np.any(near, axis=0))

        self._discs = {name: [disc(side) for side in sides] for name, sides in _PLACES.items()}

    def predict(self, pairs: NDArray[np.uint8]) -> BaselinePrediction:
        """Pairs (n, 2, 224, 224) of onset and apex crops."""
        evidence, size = zip(*(self._judge(onset, apex) for onset, apex in pairs), strict=True)
        odds = np.array(evidence) / _SOFTNESS_IOD
        shares = np.exp(odds - odds.max(axis=1, keepdims=True))
        micro = 1 / (1 + np.exp(-(np.array(size) - _EVENT_IOD) / _EVENT_WIDTH_IOD))
        return BaselinePrediction(shares / shares.sum(axis=1, keepdims=True), micro)

    def motion(self, onset: NDArray[np.uint8], apex: NDArray[np.uint8]) -> Motion:
        """Mean motion of every place, the head's taken out."""
        flow = self._flow.calc(onset, apex, None)  # type: ignore[call-overload]
        flow = residual(np.asarray(flow, np.float32)) / CROP_IOD
        means = {}
        for name, discs in self._discs.items():
            sides = [flow[disc].mean(axis=0) for disc in discs]
            # x grows towards the person's left: outwards on the left side, inwards on the right.
            means[name] = np.array([[-sides[0][0], -sides[0][1]], [sides[1][0], -sides[1][1]]])
        return means

    def _judge(
        self, onset: NDArray[np.uint8], apex: NDArray[np.uint8]
    ) -> tuple[tuple[float, float, float], float]:
        """(evidence for negative, positive, surprise, IOD; size of the largest motion, IOD)."""
        moved = self.motion(onset, apex)

        def up(place: str) -> float:
            return _stronger(moved[place][:, 1])

        def out(place: str) -> float:
            return _stronger(moved[place][:, 0])

        brows = (up("inner brow") + up("outer brow")) / 2
        tight = up("lower lid") - up("upper lid")
        negative = (
            -1.0 * brows
            - 0.5 * out("inner brow")
            + 0.3 * tight
            + 0.5 * up("nose wing")
            - 0.7 * up("mouth corner")
            + 0.5 * up("chin")
        )
        positive = 0.9 * up("mouth corner") + 0.6 * out("mouth corner") + 0.4 * up("cheek")
        surprise = 1.3 * brows + 0.2 * up("upper lid") - 0.3 * up("chin")
        # Lids move in every blink and are left out; lips move in speech, and weigh half.
        sizes = {name: float(np.hypot(*sides.T).max()) for name, sides in moved.items()}
        halves = {"mouth corner": 0.5, "upper lip": 0.5, "chin": 0.5}
        size = max(
            halves.get(name, 1.0) * length for name, length in sizes.items() if "lid" not in name
        )
        return (negative, positive, surprise), size


def _stronger(sides: NDArray[np.float64]) -> float:
    """Between the mean of both sides and the one that moves more: half of all go one-sided."""
    return float((sides.mean() + sides[np.abs(sides).argmax()]) / 2)
