"""The settings of the onset detector, each with its bounds; read by `onset` and its users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from realtime.limits import Limits


@dataclass(frozen=True, slots=True)
class OnsetConfig:
    taus_s: Annotated[
        tuple[float, float], Limits("the two spans of the second difference, s", 0.03, 0.5)
    ] = (0.10, 0.14)
    enter_sigma: Annotated[float, Limits("score that makes a candidate, sigmas", 0.5, 20)] = 3.0
    before_s: Annotated[
        float, Limits("a candidate is the largest score since this long before, s", 0.02, 2)
    ] = 0.25
    after_s: Annotated[float, Limits("and until this long after, s", 0.02, 2)] = 0.04
    noise_s: Annotated[float, Limits("history that the noise is estimated from, s", 1, 60)] = 8.0
    learn_s: Annotated[float, Limits("no candidate before this much of it, s", 0.1, 60)] = 2.0
    recall_s: Annotated[
        float, Limits("nor before this much where a profile states the noise, s", 0.1, 60)
    ] = 0.5
    noise_floor_px: Annotated[
        float, Limits("smallest noise of a region, px of the crop", 0, 5, above=True)
    ] = 0.05
    # One region must not outvote the others.
    max_sigma: Annotated[float, Limits("largest score of one region, sigmas", 1, 1000)] = 20.0
    top: Annotated[int, Limits("regions whose rms is the score of the whole face", 1, 31)] = 4
    top_stream: Annotated[int, Limits("and the score of one stream", 1, 31)] = 3
    calm_sigma: Annotated[
        float, Limits("residual of the skull above which scores are divided, sigmas", 0.1, 100)
    ] = 2.5
