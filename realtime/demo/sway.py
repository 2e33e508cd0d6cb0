"""How the built-in subject's head moves: the slow postural sway of a sitting person.

A sum of a few sines between 0.07 and 1 Hz for each of shift, roll and size.  Small, smooth and
the same for every point, so a spotter has to remove it, and it contains no event.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BAND_HZ = (0.07, 1.0)
_SINES = 7
_SHIFT_RMS_IOD = 0.008
_ROLL_RMS_RAD = np.deg2rad(0.3)
_SIZE_RMS = 0.002


class Sway:
    """The head's pose over time; lengths in pixels."""

    def __init__(self, rng: np.random.Generator, pivot: NDArray[np.float64], iod: float) -> None:
        self._pivot = pivot  # (2,) what roll and size leave in place
        rms = np.array([_SHIFT_RMS_IOD * iod, _SHIFT_RMS_IOD * iod, _ROLL_RMS_RAD, _SIZE_RMS])
        hertz = np.geomspace(*_BAND_HZ, _SINES) * rng.uniform(0.9, 1.0, (4, _SINES))
        self._omega = 2 * np.pi * hertz
        self._phase = rng.uniform(0, 2 * np.pi, (4, _SINES))
        # Slower is farther, as in postural sway.
        weight = 1 / np.sqrt(self._omega)
        total = np.sqrt((weight**2).sum(axis=1, keepdims=True) / 2)
        self._amplitude = weight / total * rms[:, None]

    def pose(self, t_s: float) -> NDArray[np.float64]:
        """Affine (2, 3) from the resting picture to the moved one."""
        waves = self._amplitude * np.sin(self._omega * t_s + self._phase)
        x, y, roll, size = waves.sum(axis=1)
        c, s = (1 + size) * np.cos(roll), (1 + size) * np.sin(roll)
        turn = np.array([[c, -s], [s, c]])
        shift = self._pivot - turn @ self._pivot + (x, y)
        return np.column_stack([turn, shift])
