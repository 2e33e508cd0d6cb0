"""95 % intervals over identities: pairs of one person are not independent of one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Interval:
    value: float | None  # of all rows
    low: float | None  # 2.5 % of the resampled values; None if too few of them exist
    high: float | None

    def __str__(self) -> str:
        if self.value is None:
            return "–"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


def interval(
    statistic: Callable[[NDArray[np.intp]], float | None],
    clusters: Sequence[str] | NDArray[np.str_],
    rounds: int = 1000,
    seed: int = 1,
) -> Interval:
    """Percentile bootstrap: whole clusters (people) are drawn with replacement.

    `statistic` takes row numbers, which may repeat, and answers None where it is not defined.
    """
    names, owner = np.unique(np.asarray(clusters), return_inverse=True)
    rows_of = [np.flatnonzero(owner == index) for index in range(len(names))]
    whole = statistic(np.arange(len(owner)))
    if len(names) < 2:
        return Interval(whole, None, None)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        chosen = rng.integers(len(names), size=len(names))
        value = statistic(np.concatenate([rows_of[index] for index in chosen]))
        if value is not None:
            drawn.append(value)
    if len(drawn) < rounds / 2:
        return Interval(whole, None, None)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(whole, float(low), float(high))
