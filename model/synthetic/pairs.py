"""Onset-apex pairs with known truth, made from portraits; a pure function of (seed, index).

Called by the trainer and the evaluation.  A pair is either an event, one action-unit recipe of
one class at a peak of 0.5 to 3.5 % of the inter-ocular distance, or a non-event; both carry
everything else a face and a camera do within a fifth of a second.

The truth is the total motion of the skin, action units and residual head motion together:
`apex(x) = onset(x - displacement(x))` wherever `valid`, in pixels of the crop.  What the light,
the sensor and the lids do is not motion of skin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.apex import select_apex
from model.synthetic.confounders import (
    Camera,
    close_lids,
    gaze_shift,
    mouth_motion,
    relight,
    residual_head_motion,
)
from model.synthetic.identity import draw_identity
from model.synthetic.portraits import Portrait
from realtime.action_units import Field, displacement_field, draw_units, warp
from realtime.face.geometry import CROP_SIZE

CLASSES = ("negative", "positive", "surprise")
NON_EVENT = -1

NonEvent = Literal["still", "turn", "blink", "mouth", "light", "gaze"]
_NON_EVENTS: tuple[NonEvent, ...] = ("still", "turn", "blink", "mouth", "light", "gaze")
_NON_EVENT_ODDS = (0.20, 0.24, 0.20, 0.20, 0.08, 0.08)

PEAK_RANGE_IOD = (0.005, 0.035)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How pairs are drawn; the defaults are the ones of the published engine."""

    non_event_share: float = 0.35
    one_sided_share: float = 0.2
    median_peak_iod: float = 0.014  # of the log-normal the field's figures suggest
    sigma_ln_peak: float = 0.6
    swept_share: float = 0.5  # of the events: peak log-uniform over the whole range instead
    apex_shift: float = 0.4  # r of the paper's eq. 2-4
    turn_degrees: float = 0.5  # deviation of yaw and pitch between onset and apex
    light_step: float = 0.02


@dataclass(frozen=True, slots=True)
class Pair:
    onset: NDArray[np.uint8]  # (224, 224)
    apex: NDArray[np.uint8]
    displacement: NDArray[np.float32]  # (2, 224, 224) x, y in crop pixels, on the apex' grid
    valid: NDArray[np.bool_]  # (224, 224) skin that is seen in both
    label: int  # index into CLASSES, or NON_EVENT
    units: tuple[str, ...]  # action units of the event
    peak_iod: float  # longest displacement by the action units; 0 for a non-event
    kind: str  # "event", or which non-event


def make_pair(
    portraits: Sequence[Portrait], seed: int, index: int, recipe: Recipe | None = None
) -> Pair:
    recipe = recipe or Recipe()
    rng = np.random.default_rng([seed, index])
    face, landmarks = draw_identity(rng, portraits)
    event = rng.random() >= recipe.non_event_share
    kind = "event" if event else str(rng.choice(_NON_EVENTS, p=_NON_EVENT_ODDS))
    label, units, peak, skin = NON_EVENT, {}, 0.0, np.zeros((CROP_SIZE, CROP_SIZE, 2), np.float32)
    if event:
        label = int(rng.integers(len(CLASSES)))
        units = _one_sided(rng, draw_units(rng, CLASSES[label]), recipe)
        peak = _draw_peak(rng, recipe)
        skin = displacement_field(units, landmarks, (CROP_SIZE, CROP_SIZE), peak_iod=peak)
    turn = recipe.turn_degrees * (rng.uniform(2, 6) if kind == "turn" else 1)
    skin = skin + residual_head_motion(rng, landmarks, turn)
    if kind == "mouth" or (event and rng.random() < 0.08):
        low, high = (0.01, 0.08) if kind == "mouth" else (0.003, 0.01)
        share = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        skin = skin + mouth_motion(rng, landmarks, share)
    gaze = gaze_shift(rng, landmarks) if kind == "gaze" or rng.random() < 0.1 else None
    return _photograph(rng, face, landmarks, skin, gaze, kind, recipe, (label, units, peak))


def _photograph(
    rng: np.random.Generator,
    face: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    skin: Field,
    gaze: Field | None,
    kind: str,
    recipe: Recipe,
    truth: tuple[int, dict[str, float], float],
) -> Pair:
    # Both pictures are resampled once, at unrelated sub-pixel phases: were the onset left as it
    # is, the apex would be known by the blur of interpolation.
    start = rng.uniform(-0.5, 0.5, 2).astype(np.float32)
    onset = warp(face, np.broadcast_to(start, skin.shape).copy())
    moved = skin + start
    valid = np.ones((CROP_SIZE, CROP_SIZE), bool)
    if gaze is not None:
        moved = moved + gaze
        valid &= np.hypot(gaze[..., 0], gaze[..., 1]) < 0.05
    apex = warp(face, moved)
    before, after = _draw_lids(rng, kind)
    onset, hidden_before = close_lids(onset, landmarks, before)
    apex, hidden_after = close_lids(apex, landmarks, after)
    valid &= ~(hidden_before | hidden_after)
    step = recipe.light_step * (4 if kind == "light" else 1)
    onset, apex = relight(rng, onset, 0.01), relight(rng, apex, step)
    camera = Camera.draw(rng)
    label, units, peak = truth
    return Pair(
        onset=camera.take(rng, onset),
        apex=camera.take(rng, apex),
        displacement=np.ascontiguousarray(skin.transpose(2, 0, 1), np.float32),
        valid=valid,
        label=label,
        units=tuple(units),
        peak_iod=peak,
        kind=kind,
    )


def _one_sided(
    rng: np.random.Generator, units: dict[str, float], recipe: Recipe
) -> dict[str, float]:
    if rng.random() >= recipe.one_sided_share:
        return units
    side = "L" if rng.random() < 0.5 else "R"
    return {side + unit: strength for unit, strength in units.items()}


def _draw_peak(rng: np.random.Generator, recipe: Recipe) -> float:
    """Displacement at the frame that is taken for the apex, share of the IOD."""
    low, high = np.log(PEAK_RANGE_IOD)
    if rng.random() < recipe.swept_share:
        drawn = rng.uniform(low, high)
    else:
        drawn = rng.normal(np.log(recipe.median_peak_iod), recipe.sigma_ln_peak)
    # The course of a movement at 100 frames a second, and the paper's random apex on it.
    onset, apex, last = 0, int(rng.integers(7, 32)), 60
    frame = select_apex(onset, apex, last, recipe.apex_shift, rng)
    course = np.sin(np.pi / 2 * min(frame / apex, 2.0)) ** 2
    return float(np.exp(np.clip(drawn, low, high)) * course)


def _draw_lids(
    rng: np.random.Generator, kind: str
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Closure of the (right, left) lid in the onset and in the apex picture."""
    if kind == "blink" or (kind != "still" and rng.random() < 0.15):
        # Half of all blinks do not close the eye; a picture catches any part of one.
        before, after = rng.uniform(0, 1, 2) * (rng.random(2) < [0.3, 0.85])
    elif rng.random() < 0.2:  # lids that hang a little, and tremble
        before = rng.uniform(0, 0.25)
        after = max(0.0, before + rng.normal(0, 0.04))
    else:
        before = after = 0.0
    difference = rng.normal(0, 0.03)
    pair = [
        (max(0.0, closure), max(0.0, closure * (1 + difference))) for closure in (before, after)
    ]
    return pair[0], pair[1]
