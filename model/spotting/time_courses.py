"""Random courses over time of what a person at a camera does.  Called by `model.spotting.scene`.

All take the frame times `t` (k,), seconds, ascending from about 0, and depend on them at the frames
only: at another frame rate the same happens at the same times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.synthetic.random_draws import log_uniform
from realtime.face.time_course import raised_cosine


def talking(rng: np.random.Generator, t: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """0 silent, 1 talking, in turns of seconds with soft edges."""
    turns = np.zeros(len(t))
    at = -rng.uniform(0, 4)
    while share > 0 and at < np.ceil(t[-1]):
        length = rng.uniform(2, 8)
        turns = np.maximum(turns, pulse(t, at, 0.2, length, 0.3))
        at += length + rng.exponential(length * (1 - share) / share + 0.2)
    return turns


def waves(
    rng: np.random.Generator, t: NDArray[np.float64], band_hz: tuple[float, float], count: int
) -> NDArray[np.float64]:
    """(count, k) random processes of unit variance, slower ones stronger within their band."""
    hertz = log_uniform(rng, *band_hz, (count, 12))
    weight = rng.rayleigh(1, (count, 12)) / hertz**0.7
    weight /= np.sqrt((weight**2).sum(axis=1, keepdims=True) / 2)
    phase = rng.uniform(0, 2 * np.pi, (count, 12))
    angle = 2 * np.pi * hertz[..., None] * t + phase[..., None]
    return np.asarray((weight[..., None] * np.sin(angle)).sum(axis=1), np.float64)


def occurrences(
    rng: np.random.Generator,
    t: NDArray[np.float64],
    per_min: float,
    length_s: tuple[float, float],
) -> list[tuple[float, float]]:
    """(start, length) of things that happen so often, at random."""
    seconds = float(np.ceil(t[-1]))  # whatever the frame rate
    count = rng.poisson(per_min * seconds / 60)
    return [
        (float(start), float(rng.uniform(*length_s))) for start in rng.uniform(0, seconds, count)
    ]


def pulse(
    t: NDArray[np.float64], start: float, rise: float, hold: float, fall: float
) -> NDArray[np.float64]:
    """Raised-cosine rise and fall with a plateau between, 0 to 1."""
    end = start + rise + hold + fall
    return raised_cosine((t - start) / max(rise, 1e-3), (end - t) / max(fall, 1e-3))
