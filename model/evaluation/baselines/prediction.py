"""What every recogniser of pairs answers: the network and the baselines alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BaselinePrediction:
    """Answers for n pairs."""

    probabilities: NDArray[np.float64]  # (n, 3) negative, positive, surprise; rows sum to 1
    micro: NDArray[np.float64]  # (n,) that the pair shows an event at all, in [0, 1]
