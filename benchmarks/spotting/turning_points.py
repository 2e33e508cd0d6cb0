"""Where a film is played backwards from, or forward again: its own mirror image in time.

A set of short clips is often repeated that way.  A movement under way at such a moment returns at
once, a rise and fall like any micro-expression.  Called by `benchmarks.spotting.people`, which
counts what is flagged there apart.  It looks at more than twice the time that the spotter's own
`time_reversal` has before it must decide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.spotting.series import FaceSeries
from realtime.spotting.channels import FIRST

Array = NDArray[np.float64]

NEAR_S = 0.25  # a movement this near is made by the turn
_SIDE_S = 0.7  # compared on either side
_ALIKE = 0.5  # correlation; moments at which a face moves on have less than 0.3
_APART_S = 0.3
_SMALL_PX = 0.05


def turning_points(series: FaceSeries) -> list[float]:
    """Times on the series' own clock, seconds."""
    likeness, near = mirror_likeness(series), max(round(_APART_S * series.fps), 1)
    return [
        float(series.t_s[i])
        for i in np.flatnonzero(likeness > _ALIKE)
        if likeness[i] >= likeness[max(i - near, 0) : i + near + 1].max()
    ]


def mirror_likeness(series: FaceSeries) -> Array:
    """(n,) correlation of what the regions do after each frame with what they did before, reversed.

    0 where too little of the series lies on one side.
    """
    moved = series.rows[:, :FIRST].astype(np.float64)
    side, likeness = round(_SIDE_S * series.fps), np.zeros(len(moved))
    for i in range(side, len(moved) - side):
        before, after = moved[i - side : i][::-1] - moved[i], moved[i + 1 : i + 1 + side] - moved[i]
        scale = before.std(axis=0) + after.std(axis=0) + _SMALL_PX
        before, after = before / scale, after / scale
        before, after = before - before.mean(axis=0), after - after.mean(axis=0)
        energy = (before**2).sum() * (after**2).sum()
        likeness[i] = (before * after).sum() / np.sqrt(energy + 1e-9)
    return likeness
