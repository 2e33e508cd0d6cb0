"""Is a film played backwards from here, or forward again?

A short clip is often shown there and back, to fill a time or to loop without a jump.  A movement
under way where it turns comes back at once, in the time and shape of a micro-expression.  What
tells it from one: not the movement alone goes back the way it came but everything in the face,
down to its smallest motions.  Called by `candidates` at the second stage, when enough has been
seen since.

Pure: no clock, no thread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.spotting.channels import FIRST
from realtime.spotting.timeline import Timeline, steps

Array = NDArray[np.float64]

# A movement of a face that moves on reaches this once in 200 times; where a film turns it is 0.39
# and more.
MIRRORED = 0.4
_SIDE = steps(0.4)  # samples compared on either side
_LEAST = steps(0.25)
_NEAR = 4  # samples: the apex may lie so far from where the film turns
_STILL_PX = 0.025  # a sample; steps smaller than this are of no direction


def reversal(timeline: Timeline, at: int) -> float:
    """Correlation of the motion after a moment near grid sample `at` with its mirror image in time.

    1 where the face goes back exactly the way it came; -1 where less is known than it needs.
    """
    first = max(at - _NEAR - _SIDE, timeline.oldest)
    moved = timeline.span(first, at + _NEAR + _SIDE)[:, :FIRST]
    return max(_mirrored(moved, at - first + k) for k in range(-_NEAR, _NEAR + 1))


def _mirrored(moved: Array, turn: int) -> float:
    """The correlation around one sample of displacements (n, 62)."""
    step, side = np.diff(moved, axis=0), min(_SIDE, turn, len(moved) - 1 - turn)
    if side < _LEAST:
        return -1.0
    after, before = step[turn : turn + side], -step[turn - side : turn][::-1]
    usual = after.std(axis=0) + before.std(axis=0) + _STILL_PX
    both = np.array([after / usual, before / usual])
    # a micro-expression goes and returns as well: its direction is left out
    directions = np.linalg.eigh(both.reshape(-1, FIRST).T @ both.reshape(-1, FIRST))[1]
    own = directions[:, -1]
    after, before = both - (both @ own)[..., None] * own
    energy = (after**2).sum() * (before**2).sum()
    return float((after * before).sum() / np.sqrt(energy + 1e-9))
