"""The field's figures: UF1, UAR and the area under the ROC curve.  Called by the evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def confusion(
    truth: Sequence[int] | NDArray[np.integer], predicted: Sequence[int] | NDArray[np.integer]
) -> NDArray[np.int64]:
    """(3, 3) counts, rows truth and columns prediction."""
    counts = np.zeros((3, 3), np.int64)
    np.add.at(counts, (np.asarray(truth, np.intp), np.asarray(predicted, np.intp)), 1)
    return counts


def uf1(counts: NDArray[np.int64]) -> float:
    """Unweighted F1: the mean over classes of 2TP / (2TP + FP + FN), as in MEGC 2019."""
    hits = np.diag(counts)
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return float(np.mean(np.divide(2 * hits, both, out=np.zeros(3), where=both > 0)))


def uar(counts: NDArray[np.int64]) -> float:
    """Unweighted average recall over the classes; an absent class counts as zero."""
    per_class = counts.sum(axis=1)
    return float(
        np.mean(np.divide(np.diag(counts), per_class, out=np.zeros(3), where=per_class > 0))
    )


def auroc(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float | None:
    """Probability that an event scores above a non-event, ties half; None if one is missing."""
    if len(positive) == 0 or len(negative) == 0:
        return None
    order = np.sort(negative)
    below = np.searchsorted(order, positive, side="left")
    not_above = np.searchsorted(order, positive, side="right")
    return float((below + not_above).sum() / (2 * len(positive) * len(negative)))
