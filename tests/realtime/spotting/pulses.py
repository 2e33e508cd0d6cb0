"""Signals with known movements, sampled the way cameras sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.motion.regions import REGIONS


def camera_times(
    fps: float, seconds: float, *, jitter: float = 0.0, drops: float = 0.0, seed: int = 0
) -> NDArray[np.int64]:
    """Frame times, ns; `jitter` as a share of the period, `drops` as a share of the frames."""
    random = np.random.default_rng(seed)
    n = round(fps * seconds)
    t = (np.arange(n) + jitter * random.uniform(-0.5, 0.5, n)) / fps
    return np.round(np.sort(t)[random.random(n) >= drops] * 1e9).astype(np.int64)


def raised_cosine(
    t_s: NDArray[np.float64], onset_s: float, apex_s: float, offset_s: float
) -> NDArray[np.float64]:
    """0 outside, 1 at the apex."""
    up = np.clip((t_s - onset_s) / (apex_s - onset_s), 0, 1)
    down = np.clip((offset_s - t_s) / (offset_s - apex_s), 0, 1)
    return np.where(t_s <= apex_s, 0.5 - 0.5 * np.cos(np.pi * up), 0.5 - 0.5 * np.cos(np.pi * down))


def region_index(name: str) -> int:
    return next(i for i, r in enumerate(REGIONS) if r.name == name)
