"""An engine folder behind the contract of the baselines: pairs in, probabilities out.

Called by prediction, evaluation and the benchmarks.  The session is the live path's own, so what
is measured is what ships.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.evaluation.baselines.prediction import BaselinePrediction
from realtime.engine.backends import open_session
from realtime.engine.folder import EngineFolder
from realtime.engine.runtime import Answer, joined

_BATCH = 8


class Recogniser:
    """Raises EngineError when the folder is not a whole engine or its canary answers wrongly."""

    def __init__(self, engine: Path, backend: str = "auto", threads: int = 1) -> None:
        self.folder = EngineFolder.load(engine)
        self._session = open_session(self.folder, backend, threads)

    def answers(self, pairs: NDArray[np.uint8]) -> Answer:
        """The network's raw outputs for pairs (n, 2, 224, 224) of onset and apex crops."""
        parts = [
            self._session.run(pairs[start : start + _BATCH].astype(np.float32) / np.float32(255))
            for start in range(0, len(pairs), _BATCH)
        ]
        return joined(parts)

    def predict(self, pairs: NDArray[np.uint8]) -> BaselinePrediction:
        """Class shares at the engine's temperature, and the probability of an event."""
        answer = self.answers(pairs)
        logits = answer.logits.astype(np.float64) / self.folder.temperature
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        micro = 1 / (1 + np.exp(-answer.micro_logit.astype(np.float64)))
        return BaselinePrediction(shares / shares.sum(axis=1, keepdims=True), micro)
