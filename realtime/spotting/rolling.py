"""The newest rows of a table that only grows, so kept that any stretch of them is one slice.

Called by the timeline for its samples and by the onset detector for its scores.  Rows are counted
from the first that ever was.  Pure numpy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Rolling:
    """At least the last `keep` rows of `columns` values."""

    def __init__(self, columns: int, keep: int) -> None:
        self._keep = keep
        self._rows = np.zeros((2 * keep, columns))
        self._begin = 0  # number of the first row of _rows
        self.count = 0

    def append(self) -> Array:
        """One more row, (columns,), to be filled in by the caller."""
        at = self.count - self._begin
        if at == len(self._rows):  # keep the newer half, without moving rows at every step
            self._rows[: self._keep] = self._rows[self._keep :]
            self._begin += self._keep
            at -= self._keep
        self.count += 1
        row: Array = self._rows[at]
        return row

    def span(self, first: int, last: int) -> Array:
        """Rows first..last, both ends included (n, columns), clipped to what is held."""
        low = max(first, self._begin, 0) - self._begin
        high = max(min(last, self.count - 1) - self._begin, -1)
        return self._rows[low : high + 1]

    @property
    def oldest(self) -> int:
        """Number of the oldest of the last `keep` rows."""
        return max(self._begin, self.count - self._keep)
