"""How well a score ranks events above non-events, and whether it means what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def auroc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float | None:
    """Probability that an event scores above a non-event, ties half; None if one is missing."""
    if len(positive) == 0 or len(negative) == 0:
        return None
    events, others = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))  # intervals ask thousands of times
    above = ranks[:events].sum() - events * (events + 1) / 2  # Mann and Whitney's U
    return float(above / (events * others))


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose stated probability lies in one of equal parts of [0, 1]."""

    count: int
    confidence: float  # mean of what was said; 0 of an empty bin
    accuracy: float  # share that was right; 0 of an empty bin


def reliability(
    said: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 10
) -> tuple[Bin, ...]:
    """Stated probabilities (n,) in [0, 1] against what came true (n,)."""
    place = np.clip((np.asarray(said) * bins).astype(int), 0, bins - 1)
    found = []
    for index in range(bins):
        own = place == index
        count = int(own.sum())
        mean = (float(said[own].mean()), float(right[own].mean())) if count else (0.0, 0.0)
        found.append(Bin(count, *mean))
    return tuple(found)


def expected_calibration_error(
    said: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 10
) -> float:
    """Mean distance of confidence and accuracy over the bins, weighted by their counts."""
    found = reliability(said, right, bins)
    return sum(b.count * abs(b.confidence - b.accuracy) for b in found) / max(len(said), 1)
