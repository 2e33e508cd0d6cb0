"""Which action unit a brief movement matches: matched filters, whitened by this face's noise.

What an action unit does to the thirty-one regions is known; what else moves them (speech, blinks,
what the rigid fit leaves of a turning head) moves many of them together.  With the covariance Σ of
a face's pulses p, the pattern a of a unit stands out by

    z = aᵀ Σ⁻¹ p / √(aᵀ Σ⁻¹ a),    t = z / √(r / (n − 1)),    r = pᵀ Σ⁻¹ p − z²,    n = 62.

z is in sigmas of this face's own noise; t measures besides how well the pattern explains the
movement, whatever its size: the adaptive coherence estimator of radar, whose rate of false alarms
does not depend on the noise.  Σ is estimated while the face is analysed, a quarter of a second
late, so that no movement is part of its own noise.  A few seconds do not fill 62² entries: the
estimate is shrunk half of the way to the correlation R of people's regions in general, with this
face's variances,

    Σ = ½ C + ½ D R D + ε² I,    D² = diag C.

Pure: no clock, no thread.  Pulses are crop pixels, as in `onset`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import CROP_IOD
from realtime.motion.regions import REGIONS
from realtime.spotting.timeline import steps

Array = NDArray[np.float64]

# made by `model.tables.unit_patterns`
PATTERNS = Path(__file__).with_name("unit_patterns.npz")
# made by `model.tables.unit_noise`
NOISE = Path(__file__).with_name("unit_noise.npz")
with np.load(PATTERNS, allow_pickle=False) as _table:
    _KIND_NAMES = _table["kinds"].tolist()
    HALF_OF = _table["lower"].astype(np.intp)  # (k,) 0 upper face, 1 lower
    _SHAPES = _table["patterns"].astype(np.float64)  # (k, 31, 2)
KINDS: tuple[str, ...] = tuple(dict.fromkeys(_KIND_NAMES))
_KIND_OF = np.array([KINDS.index(name) for name in _KIND_NAMES])  # (k,)
with np.load(NOISE, allow_pickle=False) as _table:
    _CORRELATION = _table["correlation"].astype(np.float64)  # R
_FLAT = _SHAPES.reshape(len(_SHAPES), -1)
_N = 2 * len(REGIONS)
_MOVING = 0.2  # a region belongs to a pattern from this share of its largest displacement

MEMORY_S = 10.0
_LATE_S = 0.25  # a pulse enters Σ this long after it was measured
_LEARN_S = 0.25  # between inversions
_SHRINK = 0.5  # towards the mean of many people
_FLOOR_PX = 0.05
_START_PX = 0.15  # noise of a face before any is measured
_START = steps(1.0)  # pulses that this assumption counts for
_WILD = 3.0  # rms sigma above which a pulse has less weight, so that one blink does not dominate
_LEAST_REST = 20.0  # of 61: a smaller one is not significant


@dataclass(frozen=True, slots=True)
class UnitMatch:
    """The best fitting pattern of one half of the face."""

    pattern: int
    t: float
    z: float
    size_iod: float  # how far its largest pixel moved


@dataclass(frozen=True, slots=True)
class UnitFit:
    upper: UnitMatch
    lower: UnitMatch
    kinds: tuple[float, ...]  # largest t of each of `KINDS`
    sigma: float  # rms of the whitened pulse: 1 is this face's ordinary noise
    share: float  # of the whitened movement that the best pattern explains, [0, 1]


class UnitFilter:
    """One face.

    Args:
        noise_px: (31, 2) noise of its pulses, where it is known from before.
        memory_s: over which Σ is estimated.
    """

    def __init__(self, noise_px: Array | None = None, memory_s: float = MEMORY_S) -> None:
        self._memory = steps(memory_s)
        self._prior = np.full(_N, _START_PX) if noise_px is None else noise_px.ravel()
        self.reset()

    def reset(self) -> None:
        """Forget this face's noise."""
        self._covariance = np.outer(self._prior, self._prior) * _CORRELATION
        self._taught = _START
        self._waiting = np.zeros((steps(_LATE_S), _N + 1))  # pulses, and what they will weigh
        self._seen = 0
        self._invert()

    @property
    def correlation(self) -> Array:
        """(62, 62) of this face's pulses, as learned so far."""
        sigma = np.sqrt(np.diag(self._covariance))
        learned: Array = self._covariance / np.outer(sigma, sigma)
        return learned

    def score(self, pulse: Array) -> Array:
        """Take the newest pulse (31, 2); returns the best t of the upper and the lower face."""
        best = np.empty(2)
        waiting = self._waiting[self._seen % len(self._waiting)]
        count = 0
        if self._seen >= len(self._waiting):
            self._taught += 1
            count = min(self._taught, self._memory)
        _learn(pulse.ravel(), *self.whitening, self._covariance, waiting, count, best)
        self._seen += 1
        if self._seen % steps(_LEARN_S) == 0:
            self._invert()
        return best

    @property
    def whitening(self) -> tuple[Array, Array, Array]:
        """Filters (k, 62) and their lengths (k,), and Σ⁻¹ (62, 62), for `best_t`."""
        return self._filters, self._lengths, self._inverse

    def fit(self, pulse: Array) -> UnitFit:
        """The best pattern of one pulse (31, 2)."""
        z, sigma2 = self._whitened(pulse)
        t = _t(z, sigma2)
        upper, lower = (self._match(k, z, t) for k in _largest(z, HALF_OF, 2).tolist())
        best = max(upper.z, lower.z, 0.0)
        return UnitFit(
            upper,
            lower,
            tuple(t[_largest(t, _KIND_OF, len(KINDS))].tolist()),
            math.sqrt(sigma2 / _N),
            best**2 / max(sigma2, best**2, 1e-9),
        )

    def largest_z(self, pulses: Array) -> Array:
        """(n,) z of the best pattern of each of some pulses (n, 62), for much less than `fit`."""
        z: Array = (pulses @ self._filters.T / self._lengths).max(axis=1)
        return z

    def weights(self, pattern: int) -> Array:
        """(31, 2) filter of a pattern, of unit noise."""
        return np.asarray(self._filters[pattern] / self._lengths[pattern], np.float64).reshape(
            -1, 2
        )

    def _match(self, k: int, z: Array, t: Array) -> UnitMatch:
        return UnitMatch(k, float(t[k]), float(z[k]), float(z[k] / self._lengths[k]) / CROP_IOD)

    def _whitened(self, pulse: Array) -> tuple[Array, float]:
        """z of every pattern, and pᵀ Σ⁻¹ p."""
        z, sigma2 = _whitened(self._filters, self._lengths, self._inverse, pulse.ravel())
        return z, sigma2

    def _invert(self) -> None:
        inverse = np.linalg.inv(shrunk(self._covariance, _FLOOR_PX))
        self._inverse = np.asarray(inverse, np.float64)
        self._filters: Array = _FLAT @ self._inverse  # (k, 62)
        self._lengths: Array = np.sqrt((self._filters * _FLAT).sum(axis=1))


def shrunk(covariance: Array, floor_px: float) -> Array:
    """A measured covariance (62, 62) half of the way to people's in general: Σ above."""
    sigma = np.sqrt(np.diag(covariance))
    usual = np.outer(sigma, sigma) * _CORRELATION
    floor = np.diag(np.full(_N, floor_px**2))
    return np.asarray((1 - _SHRINK) * covariance + _SHRINK * usual + floor, np.float64)


def pattern_table() -> Array:
    """(k, 62) what the known movements displace, in units of their largest displacement."""
    return np.array(_FLAT, np.float64)


@cache
def moving(pattern: int) -> NDArray[np.intp]:
    """The regions a pattern moves."""
    size = np.hypot(*_SHAPES[pattern].T)
    return np.flatnonzero(size >= _MOVING * size.max())


@numba.njit(nogil=True, cache=True)
def _t(z, sigma2):  # type: ignore[no-untyped-def]
    return z / np.sqrt(np.maximum(sigma2 - z**2, _LEAST_REST) / (_N - 1))


@numba.njit(nogil=True, cache=True, fastmath=True)
def _whitened(filters, lengths, inverse, p):  # type: ignore[no-untyped-def]
    z = np.zeros(len(filters))
    for k in range(len(filters)):
        for i in range(len(p)):
            z[k] += filters[k, i] * p[i]
        z[k] /= lengths[k]
    sigma2 = 0.0
    for i in range(len(p)):
        row = 0.0
        for j in range(len(p)):
            row += inverse[i, j] * p[j]
        sigma2 += row * p[i]
    return z, sigma2


@numba.njit(nogil=True, cache=True)
def _largest(values, group, groups):  # type: ignore[no-untyped-def]
    """Index of the first largest value (n,) of each group (n,) 0..groups - 1."""
    best = np.full(groups, -1)
    for i in range(len(values)):
        g = group[i]
        if best[g] < 0 or values[i] > values[best[g]]:
            best[g] = i
    return best


@numba.njit(nogil=True, cache=True)
def best_t(p, filters, lengths, inverse, best):  # type: ignore[no-untyped-def]
    """pᵀ Σ⁻¹ p of a pulse (62,); to `best` the largest t of the upper and of the lower face."""
    z, sigma2 = _whitened(filters, lengths, inverse, p)
    largest = _largest(z, HALF_OF, 2)
    for half in range(2):
        best[half] = _t(z[largest[half]], sigma2)
    return sigma2


@numba.njit(nogil=True, cache=True)
def _learn(p, filters, lengths, inverse, covariance, waiting, count, best):  # type: ignore[no-untyped-def]
    """Take a pulse (62,): `best_t`, and into Σ the pulse that waited in its place.

    Args:
        waiting: (63,) that pulse and what it weighs; changed to the newest.
        count: pulses that Σ rests on; 0: none has waited long enough.
    """
    sigma2 = best_t(p, filters, lengths, inverse, best)
    if count > 0:
        _teach(covariance, waiting[:_N], waiting[_N] / count)
    waiting[:_N] = p
    waiting[_N] = min(1.0, _WILD**2 * _N / max(sigma2, 1e-9))


@numba.njit(nogil=True, cache=True)
def _teach(covariance, p, share):  # type: ignore[no-untyped-def]
    for i in range(len(p)):
        for j in range(len(p)):
            covariance[i, j] += share * (p[i] * p[j] - covariance[i, j])
