"""Intervals of time matched one to one by their overlap, as the challenges do (MEGC 2019 to 2024).

Intervals are (first, last): seconds, or frames with both ends included.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

Interval = tuple[float, float]
IOU = 0.5


def iou(a: Interval, b: Interval, *, frames: bool = True) -> float:
    """Intersection over union: of inclusive frame sets, or of continuous time."""
    one = 1.0 if frames else 0.0
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]) + one)
    whole = (a[1] - a[0] + one) + (b[1] - b[0] + one) - shared
    return shared / whole if whole > 0 else 0.0


def match(
    truth: Sequence[Interval], predicted: Sequence[Interval], *, frames: bool = True
) -> list[tuple[int, int]]:
    """(truth, prediction) pairs one to one, IoU of at least 0.5: as many as can be, then the best.

    Where truths do not overlap this is the official count: each truth is hit once and a second
    prediction on it is a false alarm.
    """
    if not truth or not predicted:
        return []
    overlap = np.array([[iou(t, p, frames=frames) for p in predicted] for t in truth])
    enough = overlap >= IOU - 1e-12
    # A hit outweighs any sum of overlaps.
    worth = np.where(enough, len(truth) + len(predicted) + overlap, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if enough[r, c]]
