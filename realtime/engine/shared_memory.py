"""Pairs on their way to the engine process, in memory both sides share.

A pair has 400 kB, more than a pipe holds: sent through one, a child that is stuck would stop the
sender too.  So the pipe carries only the number of the slot the pair lies in.
"""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

from realtime.errors import EngineError
from realtime.face.geometry import CROP_SIZE

_SHAPE = (2, CROP_SIZE, CROP_SIZE)
_BYTES = 4 * 2 * CROP_SIZE * CROP_SIZE


class PairSlots:
    """`count` slots of one pair (2, 224, 224) float32 each.

    Args:
        name: of slots made by another process; None: make them.

    Raises:
        EngineError: the system gives no shared memory.
    """

    def __init__(self, count: int, name: str | None = None) -> None:
        self._owner = name is None
        size = count * _BYTES
        try:
            self._memory = SharedMemory(
                name=name, create=self._owner, size=size if self._owner else 0
            )
        except OSError as error:
            raise EngineError(
                f"the engine needs {count * _BYTES / 1e6:.0f} MB of shared memory, which this "
                f"system refuses ({error.strerror}); make /dev/shm writable, or use --engine none"
            ) from error
        self.name = self._memory.name
        self._pairs: NDArray[np.float32] | None = np.ndarray(
            (count, *_SHAPE), np.float32, self._memory.buf
        )

    def write(self, slot: int, pair: NDArray[np.float32]) -> None:
        assert self._pairs is not None
        self._pairs[slot] = pair

    def read(self, slot: int) -> NDArray[np.float32]:
        """A copy of the pair in a slot."""
        assert self._pairs is not None
        return np.array(self._pairs[slot], np.float32)

    def close(self) -> None:
        """May be called twice."""
        if self._pairs is None:
            return
        self._pairs = None  # the array holds the buffer, which must be free to be closed
        self._memory.close()
        if self._owner:
            self._memory.unlink()
