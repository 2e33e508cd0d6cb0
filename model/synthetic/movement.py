"""What is to be classified in a pair: the movement of an event, of a macro-expression, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.apex_jitter import select_apex
from model.synthetic.combinations import draw_even
from model.synthetic.disturbances import vary
from model.synthetic.random_draws import log_uniform
from model.synthetic.recipe import (
    DRAWN_NON_EVENTS,
    MACRO_RANGE_IOD,
    NON_EVENT,
    PEAK_RANGE_IOD,
    NonEvent,
    Recipe,
)
from model.synthetic.skin_models import SKINS
from model.synthetic.smiles import smile_count, smile_field
from realtime.event import CLASSES
from realtime.face.action_units import Field, draw_units
from realtime.face.geometry import CROP_IOD, CROP_SIZE


@dataclass(frozen=True, slots=True)
class DrawnMovement:
    """What is to be classified: an event's action units, a macro-expression's, or none."""

    label: int
    kind: str
    units: tuple[str, ...]
    peak_iod: float
    skin: Field  # crop pixels
    motion: str = ""
    unknown: tuple[str, ...] = ()  # units that may act or not


def draw_movement(
    rng: np.random.Generator,
    landmarks: NDArray[np.floating],
    recipe: Recipe,
    non_events: Sequence[NonEvent],
) -> DrawnMovement:
    """What one pair is about, on a face with these landmarks (468+, 2+) in the crop."""
    still = np.zeros((CROP_SIZE, CROP_SIZE, 2), np.float32)
    event = rng.random() >= recipe.non_event_share
    if not event:
        odds = np.array([DRAWN_NON_EVENTS.get(name, 1.0) for name in non_events])
        kind = str(rng.choice(non_events, p=odds / odds.sum()))
        if kind != "macro":
            return DrawnMovement(NON_EVENT, kind, (), 0.0, still)
    label = int(rng.integers(len(CLASSES)))
    draw = draw_even if recipe.units == "even" else draw_units
    units = _one_sided(rng, draw(rng, CLASSES[label]), recipe)
    peak = _draw_peak(rng, recipe) if event else log_uniform(rng, *MACRO_RANGE_IOD)
    smiling = any(name.lstrip("LR") == "12" for name in units)
    unknown: tuple[str, ...] = ()
    if smiling and rng.random() < recipe.smile_share:
        motion = "smile"
        field = smile_field(int(rng.integers(smile_count())), units, landmarks, peak)
        units = {name: strength for name, strength in units.items() if name.lstrip("LR") == "12"}
        unknown = ("6", "10", "14")  # a smile with the teeth shown; nobody coded the rest
    else:
        motion = recipe.motions[rng.integers(len(recipe.motions))]
        field = SKINS[motion](units, landmarks, peak)
    if rng.random() < recipe.spread_share:
        field = _spread(field, float(rng.uniform(0.05, 1)) * recipe.spread_iod)
    skin = vary(rng, field)
    if event:
        return DrawnMovement(label, "event", tuple(units), peak, skin, motion, unknown)
    return DrawnMovement(NON_EVENT, "macro", (), 0.0, skin)


def _spread(field: Field, reach_iod: float) -> Field:
    """The motion blurred over so much skin, its longest displacement as before."""
    cell = 4  # pixels; what is left is smooth over many
    side = CROP_SIZE // cell
    coarse = cv2.resize(field, (side, side), interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(coarse, (0, 0), reach_iod * CROP_IOD / cell)
    fine = cv2.resize(coarse, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
    before, after = (float(np.hypot(f[..., 0], f[..., 1]).max()) for f in (field, fine))
    spread: Field = fine * np.float32(before / max(after, 1e-6))
    return spread


def _one_sided(
    rng: np.random.Generator, units: dict[str, float], recipe: Recipe
) -> dict[str, float]:
    if rng.random() >= recipe.one_sided_share:
        return units
    side = "L" if rng.random() < 0.5 else "R"
    return {side + unit: strength for unit, strength in units.items()}


def _draw_peak(rng: np.random.Generator, recipe: Recipe) -> float:
    """Displacement at the frame that is taken for the apex, share of the IOD."""
    if recipe.peak_iod is not None:
        return log_uniform(rng, *recipe.peak_iod)
    low, high = np.log(PEAK_RANGE_IOD)
    if rng.random() < recipe.swept_share:
        drawn = rng.uniform(low, high)
    else:
        drawn = rng.normal(np.log(recipe.median_peak_iod), recipe.sigma_ln_peak)
    # The time course of a movement at 100 frames a second, and the paper's random apex on it.
    onset, apex, last = 0, int(rng.integers(7, 32)), 60
    frame = select_apex(onset, apex, last, recipe.apex_shift, rng)
    course = np.sin(np.pi / 2 * min(frame / apex, 2.0)) ** 2
    return float(np.exp(np.clip(drawn, low, high)) * course)
