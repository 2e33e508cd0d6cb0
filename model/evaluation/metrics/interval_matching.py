"""Spotting figures as the challenges count them (MEGC 2019 to 2024).

A prediction is right if the intersection of its interval and a true one is at least half of their
union; hits, truths and predictions are summed over the whole database before anything is
divided.  Intervals are (first, last): frames with both ends included, or seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

Interval = tuple[float, float]
Kind = Literal["micro", "macro"]
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


@dataclass(frozen=True, slots=True)
class MatchCounts:
    hits: int  # A
    truths: int  # M
    predictions: int  # N

    def __add__(self, other: MatchCounts) -> MatchCounts:
        return MatchCounts(
            self.hits + other.hits,
            self.truths + other.truths,
            self.predictions + other.predictions,
        )

    @property
    def precision(self) -> float:
        return self.hits / self.predictions if self.predictions else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.truths if self.truths else 0.0

    @property
    def f1(self) -> float:
        """2A / (M + N); 0 where there is neither a truth nor a prediction."""
        both = self.truths + self.predictions
        return 2 * self.hits / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Spotted:
    """One interval of one video."""

    video: str
    kind: Kind
    interval: Interval


def count(
    truth: Iterable[Spotted], predicted: Iterable[Spotted], *, frames: bool = True
) -> Mapping[Kind | Literal["all"], MatchCounts]:
    """Counts of micro and macro, each against truths of its kind, and of both together."""
    truths, predictions = list(truth), list(predicted)
    totals: dict[Kind | Literal["all"], MatchCounts] = {}
    kinds: tuple[Kind, ...] = ("micro", "macro")
    for kind in kinds:
        total = MatchCounts(0, 0, 0)
        for video in sorted({each.video for each in (*truths, *predictions)}):
            there = [t.interval for t in truths if (t.video, t.kind) == (video, kind)]
            found = [p.interval for p in predictions if (p.video, p.kind) == (video, kind)]
            hits = len(match(there, found, frames=frames))
            total += MatchCounts(hits, len(there), len(found))
        totals[kind] = total
    totals["all"] = totals["micro"] + totals["macro"]
    return totals
