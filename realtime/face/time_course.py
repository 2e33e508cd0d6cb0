"""How strong an action unit is from its onset over its apex to its offset."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def raised_cosine(rise: ArrayLike, fall: ArrayLike) -> NDArray[np.float64]:
    """Strength, 0 at rest to 1 at the apex, of the arguments' common shape.

    Args:
        rise: share of the rise that is over; below 0 before the onset, above 1 behind the rise.
        fall: share of the fall that is to come; above 1 before the fall, below 0 behind the offset.
    """
    phase = np.clip(np.minimum(rise, fall), 0, 1)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * phase), np.float64)
