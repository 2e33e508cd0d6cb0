"""Recognition figures of the field, on pooled predictions.  Called by everything that scores.

Pooled means: the predictions of all folds are put together first and one matrix is counted from
them; figures of single folds are never averaged.  A class that is in neither the truth nor the
predictions has F1 0 and recall 0 and still counts as one of the C classes: so a subset that lacks
a class scores lower, and says so by its number of pairs.  They equal those of scikit-learn, which a
test compares; an interval asks for one a thousand times, so they are counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.errors import DataError

Labels = Sequence[int] | NDArray[np.integer]
Counts = NDArray[np.int64]


def confusion(truth: Labels, predicted: Labels, classes: int = 3) -> Counts:
    """(classes, classes) counts, rows truth and columns prediction."""
    cell = np.asarray(truth, np.int64) * classes + np.asarray(predicted, np.int64)
    return np.bincount(cell, minlength=classes * classes).reshape(classes, classes)


def accuracy(counts: Counts) -> float:
    """Share of right predictions (the field's WAR); 0 of no predictions, as of the others."""
    return float(np.trace(counts) / max(counts.sum(), 1))


def uf1(counts: Counts) -> float:
    """Unweighted F1, MEGC 2019: the mean of the classes' F1."""
    return float(_f1(counts).mean())


def uar(counts: Counts) -> float:
    """Unweighted average recall: the mean of TP_c / n_c."""
    return float((counts.diagonal() / np.maximum(counts.sum(axis=1), 1)).mean())


def weighted_f1(counts: Counts) -> float:
    """F1 of each class, weighted by its share of the truth."""
    return float(_f1(counts) @ counts.sum(axis=1) / max(counts.sum(), 1))


def _f1(counts: Counts) -> NDArray[np.float64]:
    """2 TP_c / (n_c + named_c) of each class; 0 of a class that is in neither."""
    both = np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return np.asarray(2 * counts.diagonal() / both, np.float64)


@dataclass(frozen=True, slots=True)
class Scores:
    """One set's figures with what chance would reach on it."""

    pairs: int
    subjects: int
    counts: tuple[tuple[int, ...], ...]  # rows truth, columns prediction
    accuracy: float
    uf1: float
    uar: float
    weighted_f1: float
    majority_accuracy: float  # of always naming the commonest class of this set
    majority_uf1: float
    chance_uar: float  # 1 / C, of any answer that does not depend on the pair

    def line(self) -> str:
        return (
            f"UF1 {self.uf1:.4f} (majority {self.majority_uf1:.4f}), "
            f"UAR {self.uar:.4f} (chance {self.chance_uar:.4f}), "
            f"accuracy {self.accuracy:.4f} (majority {self.majority_accuracy:.4f}); "
            f"{self.pairs} clips, {self.subjects} subjects"
        )


def score_predictions(
    truth: Labels, predicted: Labels, subjects: Sequence[str] | NDArray[np.str_], classes: int = 3
) -> Scores:
    """Figures of pooled predictions; `subjects` says whose each is.

    Raises:
        DataError: when there is nothing to score.
    """
    if len(truth) == 0:
        raise DataError("there are no predictions to score")
    counts = confusion(truth, predicted, classes)
    commonest = int(counts.sum(axis=1).argmax())
    always = confusion(truth, np.full(len(truth), commonest), classes)
    return Scores(
        pairs=len(truth),
        subjects=len(set(subjects)),
        counts=tuple(tuple(row) for row in counts.tolist()),
        accuracy=accuracy(counts),
        uf1=uf1(counts),
        uar=uar(counts),
        weighted_f1=weighted_f1(counts),
        majority_accuracy=accuracy(always),
        majority_uf1=uf1(always),
        chance_uar=1 / classes,
    )
