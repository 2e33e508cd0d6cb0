"""Always the commonest class: what a network must beat before anything else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.evaluation.baselines.prediction import BaselinePrediction


class Majority:
    """`commonest` is an index into negative, positive, surprise; the field's sets have negative."""

    def __init__(self, commonest: int = 0) -> None:
        self.commonest = commonest

    def predict(self, pairs: NDArray[np.uint8]) -> BaselinePrediction:
        """Pairs (n, 2, 224, 224) are counted and not looked at."""
        probabilities = np.zeros((len(pairs), 3))
        probabilities[:, self.commonest] = 1.0
        return BaselinePrediction(probabilities, np.full(len(pairs), 0.5))
