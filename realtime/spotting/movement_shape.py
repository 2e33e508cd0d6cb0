"""The shape of a movement: how like a pulse it is, and whether all regions move as one.

Called by `features`; on the even grid of `timeline`.  Pure.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.spotting.apex import Pulse, project
from realtime.spotting.onset import Candidate
from realtime.spotting.timeline import STEP_NS, Timeline, steps

Array = NDArray[np.float64]


def one_movement(timeline: Timeline, candidate: Candidate, now: int) -> float:
    """How far all regions move together: the share of the first singular value, up to 1."""
    _, span = _around(timeline, candidate.index, now)
    energy = np.linalg.eigvalsh(_products(span, candidate.moving, candidate.noise_px))
    return float(energy[-1] / max(energy.sum(), 1e-9))


def pulse_fit(timeline: Timeline, index: int, weights: Array, pulse: Pulse, now: int) -> float:
    """Similarity of a movement to a pulse, up to 1.

    The correlation of the displacement projected to `weights` with the raised cosine of the
    pulse's own times.
    """
    first, span = _around(timeline, index, now)
    return float(
        _likeness(
            project(span, weights),
            (timeline.time_ns(first) - pulse.apex_ns) / STEP_NS,
            max(pulse.apex_ns - pulse.onset_ns, 1) / STEP_NS,
            max(pulse.offset_ns - pulse.apex_ns, 1) / STEP_NS,
        )
    )


def _around(timeline: Timeline, index: int, now: int) -> tuple[int, Array]:
    """The samples around a candidate that are known, and the first's number."""
    first = max(index - steps(0.35), timeline.oldest)
    return first, timeline.span(first, min(index + steps(0.35), now))


@numba.njit(nogil=True, cache=True)
def _likeness(y, start, rise, fall):  # type: ignore[no-untyped-def]
    """Correlation of y (n,) with a raised cosine; its times are steps, `start` is from the apex."""
    shape = np.empty(len(y))
    for i in range(len(y)):
        t = start + i
        phase = -t / rise if t < 0 else t / fall
        shape[i] = 0.5 + 0.5 * np.cos(np.pi * min(phase, 1.0))
    middle_y, middle = y.mean(), shape.mean()
    y_y = shape_shape = together = 0.0
    for i in range(len(y)):
        a, b = y[i] - middle_y, shape[i] - middle
        y_y += a * a
        shape_shape += b * b
        together += a * b
    return together / max(np.sqrt(y_y * shape_shape), 1e-9)


@numba.njit(nogil=True, cache=True)
def _products(span, regions, noise):  # type: ignore[no-untyped-def]
    """(2m, 2m) of the courses of m regions in samples (n, 62+), in sigmas, means taken out."""
    n, m = len(span), 2 * len(regions)
    parts = np.empty((m, n))
    for k in range(m):
        r, axis = regions[k // 2], k % 2
        mean = 0.0
        for i in range(n):
            mean += span[i, 2 * r + axis] / n
        for i in range(n):
            parts[k, i] = (span[i, 2 * r + axis] - mean) / noise[r, axis]
    products = np.empty((m, m))
    for k in range(m):
        for j in range(k + 1):
            total = 0.0
            for i in range(n):
                total += parts[k, i] * parts[j, i]
            products[k, j] = products[j, k] = total
    return products
