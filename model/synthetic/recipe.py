"""How pairs are drawn: which non-events there are, and how often everything happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from model.synthetic.skin_models import LEARNED, Motion

NON_EVENT = -1

NonEvent = Literal[
    "still",
    "turn",
    "blink",
    "mouth",
    "light",
    "gaze",
    "codec",
    "macro",
    "repeat",
    "footage",
    "borrowed",
]
# "repeat" is an identical pair: no motion; footage with nothing added is drawn with the
# footage, and "borrowed" is a portrait moved as a face in footage did.
DRAWN_NON_EVENTS: Mapping[NonEvent, float] = {
    **{"still": 0.15, "turn": 0.22, "blink": 0.18, "mouth": 0.20},
    **{"light": 0.05, "gaze": 0.07, "codec": 0.05, "macro": 0.06, "repeat": 0.12},
}

PEAK_RANGE_IOD = (0.005, 0.06)
MACRO_RANGE_IOD = (0.08, 0.18)  # a piece of an ordinary expression, cut short


@dataclass(frozen=True, slots=True)
class Recipe:
    """How pairs are drawn; the defaults are the ones of the published engine."""

    motions: tuple[Motion, ...] = LEARNED  # models of how skin moves, equally often
    footage_share: float = 0.55  # of the pairs, where there is footage
    non_event_share: float = 0.35
    non_events: tuple[NonEvent, ...] = tuple(DRAWN_NON_EVENTS)
    units: Literal["coded", "even"] = "even"  # as often as coded in datasets, or each alike
    smile_share: float = 0.2  # of movements with unit 12: measured on people, not drawn by a model
    spread_iod: float = 0.25  # skin farther away comes along: blur of the motion, up to this
    spread_share: float = 0.5  # of the movements
    one_sided_share: float = 0.3
    peak_iod: tuple[float, float] | None = (
        None  # a fixed range, drawn log-uniformly, no time course
    )
    median_peak_iod: float = 0.014  # of the log-normal distribution that published figures suggest
    sigma_ln_peak: float = 0.5
    swept_share: float = 0.5  # of the events: peak log-uniform over the whole range instead
    apex_shift: float = 0.4  # r of the paper's eq. 2-4; 0 takes the labelled apex
    turn_degrees: float = 0.5  # deviation of yaw and pitch between onset and apex
    # Some people move more than others: a factor on turns, lips and lids, log-uniform.
    unrest: tuple[float, float] = (0.5, 2.0)
    borrowed_share: float = 0.35  # of portraits, where there is footage: a real face's motion
    lips_share: float = 0.3  # of all pairs: lips that also move a little
    light_step: float = 0.02
    glasses_share: float = 0.12
    bend_iod: float = 0.03  # features of people in footage, elsewhere by this deviation
    refilmed_share: float = 0.4  # of footage, with a second camera's noise and compression
    flicker_share: float = 0.12
