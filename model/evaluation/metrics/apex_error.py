"""How far found apices lie from coded ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from realtime.errors import DataError


@dataclass(frozen=True, slots=True)
class FoundApex:
    """Frame numbers of one clip; `apex` None where the coder gave none."""

    onset: int
    apex: int | None
    offset: int
    found: float
    fps: float


@dataclass(frozen=True, slots=True)
class ApexScores:
    clips: int
    left_out: int  # clips without a usable coded apex
    mae_frames: float
    mae_ms: float
    nmae: float  # error by clip length (offset - onset + 1), of each clip and then averaged
    asr: float  # share of found apices strictly between onset and offset


def score_apices(clips: Iterable[FoundApex], *, inclusive: bool = False) -> ApexScores:
    """Errors of found apices; with `inclusive` the ASR counts onset and offset as inside.

    Raises:
        DataError: when no clip has a usable coded apex.
    """
    every = list(clips)
    usable = [c for c in every if c.apex is not None and c.onset <= c.apex <= c.offset]
    if not usable:
        raise DataError("no clip has a coded apex to compare with")
    error = np.array([abs(c.found - (c.apex or 0)) for c in usable])
    length = np.array([c.offset - c.onset + 1 for c in usable])
    inside = [
        c.onset <= c.found <= c.offset if inclusive else c.onset < c.found < c.offset
        for c in usable
    ]
    return ApexScores(
        clips=len(usable),
        left_out=len(every) - len(usable),
        mae_frames=float(error.mean()),
        mae_ms=float((error / [c.fps for c in usable]).mean() * 1000),
        nmae=float((error / length).mean()),
        asr=float(np.mean(inside)),
    )
