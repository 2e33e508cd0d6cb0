"""Which action units move together when a pair is drawn, and what a network shall say of them.

Called by the generator.  `realtime.face.action_units.RECIPES` draws units as often as they are
coded in CASME II and SAMM: half of the movements are 4 or 12, and 15, 17 or 23 hardly occur.  What
learns from that does not believe in them.  Here each unit is the main one of its class about
equally often, alone or in one of the combinations it is usually coded with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from realtime.event import ACTION_UNITS
from realtime.face.action_units import parse_unit

# Combination -> how often, within its class.
EVEN: Mapping[str, Mapping[str, float]] = {
    "negative": {
        **{"4": 1.0, "4+7": 0.8, "7": 0.8, "9": 0.8, "4+9": 0.5, "9+10": 0.3, "10": 0.9},
        **{"15": 1.0, "15+17": 0.8, "17": 1.0, "14": 0.6, "23": 0.5, "24": 0.5, "17+24": 0.3},
        **{"20": 0.3, "4+15": 0.2, "4+17": 0.2, "1+4": 0.3},
    },
    "positive": {"12": 1.2, "6+12": 1.2, "12+14": 0.8, "12+25": 0.4, "6+12+25": 0.4, "6": 0.2},
    "surprise": {
        **{"1": 0.5, "2": 0.7, "1+2": 1.4, "1+2+5": 1.0, "5": 0.9},
        **{"1+2+25": 0.5, "1+2+26": 0.4, "1+2+5+25": 0.3},
    },
}
UNKNOWN = -1  # of a target: whether the unit acts is not known
SIDES = ("right", "left")  # of the person


def draw_even(rng: np.random.Generator, label: str) -> dict[str, float]:
    """Units of one movement of a class with relative strengths in [0.6, 1]."""
    odds = EVEN[label]
    weights = np.array(list(odds.values()))
    combination = str(rng.choice(list(odds), p=weights / weights.sum()))
    return {unit: float(rng.uniform(0.6, 1.0)) for unit in combination.split("+")}


def targets(units: Iterable[str], unknown: Iterable[str] = ()) -> NDArray[np.int8]:
    """(units of `ACTION_UNITS`, 2) whether each acts on the person's right and left.

    1 and 2 are one entry, since brief movements seldom separate them.  `unknown` units that are
    not in `units` are UNKNOWN.
    """
    place = {part: row for row, name in enumerate(ACTION_UNITS) for part in name.split("+")}
    acts = np.zeros((len(ACTION_UNITS), len(SIDES)), np.int8)
    for name in unknown:
        if name in place:
            acts[place[name]] = UNKNOWN
    for name in units:
        unit, side = parse_unit(name)
        if unit not in place:
            continue
        # the chin's muscle lies on the midline: it has no side
        sides = (0, 1) if side == "both" or unit == "17" else (SIDES.index(side),)
        for column in sides:
            acts[place[unit], column] = 1
    return acts
