"""Spotting figures as the challenges count them (MEGC 2019 to 2024).

A prediction is right if it is matched to a true interval; hits, truths and predictions are summed
over the whole database before anything is divided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from realtime.study.interval_matching import Interval, match

Kind = Literal["micro", "macro"]


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
