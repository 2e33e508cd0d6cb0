"""Distributions that several parts of the generator draw from."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import NDArray


@overload
def log_uniform(rng: np.random.Generator, low: float, high: float) -> float: ...
@overload
def log_uniform(
    rng: np.random.Generator, low: float, high: float, size: tuple[int, ...]
) -> NDArray[np.float64]: ...
def log_uniform(
    rng: np.random.Generator, low: float, high: float, size: tuple[int, ...] | None = None
) -> float | NDArray[np.float64]:
    """From `low` to `high`, both above 0: every factor is as likely as any other of its size."""
    drawn = np.exp(rng.uniform(np.log(low), np.log(high), size))
    return float(drawn) if size is None else np.asarray(drawn, np.float64)
