"""The apex drawn around its label while training: the paper's eq. 2-4, frames counted as integers.

Annotated apices are a few frames off; a network that sees only them learns the annotator.
"""

from __future__ import annotations

from math import floor

import numpy as np


def apex_range(onset: int, apex: int, last: int, r: float) -> tuple[int, int]:
    """(I_low, I_high), both ends included."""
    if not onset < apex <= last:
        raise ValueError(f"need onset < apex <= last, not {onset}, {apex}, {last}")
    reach = floor((apex - onset) * r)
    return max(onset + 1, apex - reach), min(apex + reach, last)


def select_apex(onset: int, apex: int, last: int, r: float, rng: np.random.Generator) -> int:
    low, high = apex_range(onset, apex, last, r)
    return int(rng.integers(low, high + 1))
