"""Affine maps of the plane, (2, 3) float64: composed, inverted, compared.

Called by the stabiliser and the held face some ten times a frame: compiled, because on six
numbers numpy's calls cost a hundred times the arithmetic.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def compose(outer, inner):  # type: ignore[no-untyped-def]
    """(2, 3) outer ∘ inner."""
    made = np.empty((2, 3))
    for i in range(2):
        for j in range(3):
            made[i, j] = outer[i, 0] * inner[0, j] + outer[i, 1] * inner[1, j]
        made[i, 2] += outer[i, 2]
    return made


@njit(nogil=True, cache=True)
def inverse(transform):  # type: ignore[no-untyped-def]
    """(2, 3) the inverse."""
    a, b, x = transform[0]
    c, d, y = transform[1]
    det = a * d - b * c
    return np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]]) / det


@njit(nogil=True, cache=True)
def farthest(one, other, points):  # type: ignore[no-untyped-def]
    """How far apart two maps to a place put what `other` puts on points (n, 2) there, at most."""
    change = compose(one, inverse(other))
    most = 0.0
    for x, y in points:
        dx = change[0, 0] * x + change[0, 1] * y + change[0, 2] - x
        dy = change[1, 0] * x + change[1, 1] * y + change[1, 2] - y
        most = max(most, np.hypot(dx, dy))
    return most
