"""Series and patterns that the tests of learning in the signal share."""

from dataclasses import replace

import numpy as np

from model.spotting.movement_patterns import PatternBank
from model.spotting.series import FaceSeries
from realtime.motion.regions import REGIONS
from realtime.spotting.channels import CHANNELS, FIRST, Channel

FPS = 30.0


def quiet_series(seconds=12.0, seed=0, noise_px=0.03, fps=FPS, person="anna"):
    """A face at rest: white noise on every displacement."""
    random = np.random.default_rng(seed)
    t_s = np.arange(round(seconds * fps)) / fps
    rows = np.zeros((len(t_s), CHANNELS), np.float32)
    rows[:, :FIRST] = random.normal(0, noise_px, (len(t_s), FIRST))
    rows[:, FIRST + Channel.PERIOD] = 1 / fps
    rows[:, FIRST + Channel.FACE_PX] = 6.0
    rows[:, FIRST + Channel.NCC] = 0.98
    return FaceSeries(person, "film", t_s, rows)


def turning(series, *turns_s):
    """As of a film that turns round in time."""
    return replace(series, turns_s=turns_s)


def brow_pattern():
    """(31, 2) both brows raised, the inner part most."""
    pattern = np.zeros((len(REGIONS), 2), np.float32)
    for i, region in enumerate(REGIONS):
        if "brow" in region.name:
            pattern[i, 1] = -0.6
    return pattern


def bank():
    return PatternBank({"drawn": brow_pattern()[None]})
