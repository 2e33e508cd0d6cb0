"""Onset-apex pairs with known truth, made from portraits and footage; a function of (seed, index).

Called by the trainer and the evaluation.  A pair is either an event, one action-unit recipe of
one class at a peak of 0.5 to 3.5 % of the inter-ocular distance, or a non-event; both carry
everything else a face and a camera do within a fifth of a second.

From a portrait all motion is made here, and its truth is the total motion of the skin, action
units and residual head motion together: `apex(x) = onset(x - displacement(x))` wherever `valid`,
in pixels of the crop.  What the light, the sensor and the lids do is not motion of skin.  From
footage only the action units are made; all else is real and its motion unknown, so `valid` is
nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.apex_jitter import select_apex
from model.synthetic.combinations import draw_even, targets
from model.synthetic.disturbances import (
    Glasses,
    close_lids,
    flicker,
    gaze_shift,
    mouth_motion,
    relight,
    residual_head_motion,
    vary,
)
from model.synthetic.footage import Footage, borrowed_motion, pick
from model.synthetic.identity import draw_identity, smooth_noise
from model.synthetic.portraits import Portrait
from model.synthetic.random_draws import log_uniform
from model.synthetic.simulated_camera import SimulatedCamera
from model.synthetic.skin_models import LEARNED, SKINS, Motion
from model.synthetic.smiles import smile_count, smile_field
from realtime.event import CLASSES
from realtime.face.action_units import Field, draw_units, warp
from realtime.face.geometry import CROP_IOD, CROP_SIZE

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

_FPS = 30.0  # stated to the encoder; it does not space the pair


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
    person: str  # who is in the footage; "" for a portrait
    motion: str  # model of skin motion; "" for a non-event
    acts: NDArray[np.int8]  # (units of `ACTION_UNITS`, 2) see `combinations.targets`


@dataclass(frozen=True, slots=True)
class Movement:
    """What is to be classified: an event's action units, a macro-expression's, or none."""

    label: int
    kind: str
    units: tuple[str, ...]
    peak_iod: float
    skin: Field  # crop pixels
    motion: str = ""
    unknown: tuple[str, ...] = ()  # units that may act or not


def make_pair(
    portraits: Sequence[Portrait],
    seed: int,
    index: int,
    recipe: Recipe | None = None,
    footage: Sequence[Footage] = (),
) -> Pair:
    recipe = recipe or Recipe()
    rng = np.random.default_rng([seed, index])
    if footage and rng.random() < recipe.footage_share:
        return _from_footage(rng, footage, recipe)
    face, landmarks = draw_identity(rng, portraits)
    if footage and rng.random() < recipe.borrowed_share:
        stretch = pick(rng, footage)
        moved = borrowed_motion(stretch.draw(rng), landmarks)
        movement = draw_movement(rng, landmarks, recipe, ("borrowed",))
        pair = _photograph(
            rng, (face, landmarks), movement, movement.skin + moved, moved, 1.0, recipe
        )
        return replace(pair, person=stretch.person)
    movement = draw_movement(rng, landmarks, recipe, recipe.non_events)
    kind = movement.kind
    unrest = log_uniform(rng, *recipe.unrest)
    turn = recipe.turn_degrees * (rng.uniform(2, 6) if kind == "turn" else unrest)
    head = residual_head_motion(rng, landmarks, turn)
    skin = movement.skin + head
    if kind == "mouth":
        skin = skin + mouth_motion(rng, landmarks, log_uniform(rng, 0.01, 0.08))
    elif kind != "still" and rng.random() < recipe.lips_share:
        skin = skin + mouth_motion(rng, landmarks, unrest * log_uniform(rng, 0.002, 0.006))
    pair = _photograph(rng, (face, landmarks), movement, skin, head, unrest, recipe)
    if kind == "repeat":
        return replace(pair, apex=pair.onset, displacement=np.zeros_like(pair.displacement))
    return pair


def draw_movement(
    rng: np.random.Generator,
    landmarks: NDArray[np.floating],
    recipe: Recipe,
    non_events: Sequence[NonEvent],
) -> Movement:
    """What one pair is about, on a face with these landmarks (468+, 2+) in the crop."""
    still = np.zeros((CROP_SIZE, CROP_SIZE, 2), np.float32)
    event = rng.random() >= recipe.non_event_share
    if not event:
        odds = np.array([DRAWN_NON_EVENTS.get(name, 1.0) for name in non_events])
        kind = str(rng.choice(non_events, p=odds / odds.sum()))
        if kind != "macro":
            return Movement(NON_EVENT, kind, (), 0.0, still)
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
        return Movement(label, "event", tuple(units), peak, skin, motion, unknown)
    return Movement(NON_EVENT, "macro", (), 0.0, skin)


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


def _photograph(
    rng: np.random.Generator,
    face_and_landmarks: tuple[NDArray[np.float32], NDArray[np.float32]],
    movement: Movement,
    skin: Field,
    head: Field,
    unrest: float,
    recipe: Recipe,
) -> Pair:
    face, landmarks = face_and_landmarks
    kind = movement.kind
    gaze = gaze_shift(rng, landmarks) if kind == "gaze" or rng.random() < 0.1 else None
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
    before, after = _draw_lids(rng, kind, unrest)
    onset, hidden_before = close_lids(onset, landmarks, before)
    apex, hidden_after = close_lids(apex, landmarks, after)
    valid &= ~(hidden_before | hidden_after)
    if rng.random() < recipe.glasses_share:
        glasses = Glasses.draw(rng, landmarks)
        onset, apex = glasses.put_on(onset, 0 * head), glasses.put_on(apex, head)
        valid &= glasses.rim < 0.1
    step = recipe.light_step * (4 if kind == "light" else 1)
    onset, apex = relight(rng, onset, 0.01), relight(rng, apex, step)
    if rng.random() < recipe.flicker_share:
        onset, apex = flicker(rng, onset), flicker(rng, apex)
    camera = SimulatedCamera.draw_for_pair(rng)
    if kind == "codec":
        qualities = rng.permutation([rng.integers(25, 50), rng.integers(70, 96)])
        cameras = [replace(camera, quality=int(quality), crf=0) for quality in qualities]
        first, second = cameras[0].expose(rng, onset), cameras[1].expose(rng, apex)
    else:
        first, second = camera.film(rng, (onset, apex), _FPS)
    return Pair(
        onset=first,
        apex=second,
        displacement=np.ascontiguousarray(skin.transpose(2, 0, 1), np.float32),
        valid=valid,
        label=movement.label,
        units=movement.units,
        peak_iod=movement.peak_iod,
        kind=kind,
        person="",
        motion=movement.motion,
        acts=targets(movement.units, movement.unknown),
    )


def _from_footage(rng: np.random.Generator, footage: Sequence[Footage], recipe: Recipe) -> Pair:
    stretch = pick(rng, footage)
    before, after, landmarks = stretch.draw(rng)
    # The same few people are drawn again and again: each time with features a little elsewhere.
    bend = recipe.bend_iod * CROP_IOD * smooth_noise(rng, 5, 2)
    column, row = np.clip(np.rint(landmarks[:, :2]), 0, CROP_SIZE - 1).astype(np.intp).T
    landmarks = landmarks[:, :2] + bend[row, column]
    movement = draw_movement(rng, landmarks, recipe, ("footage",))
    # As with portraits, both pictures are resampled once.
    start = bend + rng.uniform(-0.5, 0.5, 2).astype(np.float32)
    onset = warp(before, start)
    moved = movement.skin
    apex = warp(after, moved + _carried(start, moved))
    gamma, gain = rng.uniform(0.75, 1.3), rng.uniform(0.75, 1.05)
    # The camera's own noise and compression are in the footage already; a little light is not.
    onset, apex = (
        relight(rng, np.asarray(255 * gain * np.clip(frame / 255, 0, 1) ** gamma, np.float32), 0.01)
        for frame in (onset, apex)
    )
    if rng.random() < recipe.refilmed_share:
        # Another camera's: films of people are fewer than cameras.
        camera = SimulatedCamera.draw_for_pair(rng)
        camera = replace(camera, noise=min(camera.noise, 2.0))
        frames = tuple(camera.film(rng, (onset, apex), _FPS))
    else:
        frames = tuple(np.clip(np.rint(frame), 0, 255).astype(np.uint8) for frame in (onset, apex))
    return Pair(
        onset=frames[0],
        apex=frames[1],
        displacement=np.ascontiguousarray(movement.skin.transpose(2, 0, 1), np.float32),
        valid=np.zeros((CROP_SIZE, CROP_SIZE), bool),
        label=movement.label,
        units=movement.units,
        peak_iod=movement.peak_iod,
        kind=movement.kind,
        person=stretch.person,
        motion=movement.motion,
        acts=targets(movement.units, movement.unknown),
    )


def _carried(field: Field, motion: Field) -> Field:
    """`field` as skin that has moved by `motion` carries it along."""
    rows, columns = np.mgrid[:CROP_SIZE, :CROP_SIZE].astype(np.float32)
    return np.asarray(
        cv2.remap(
            field,
            columns - motion[..., 0],
            rows - motion[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
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


def _draw_lids(
    rng: np.random.Generator, kind: str, unrest: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Closure of the (right, left) lid in the onset and in the apex picture."""
    if kind == "blink" or (kind != "still" and rng.random() < 0.15):
        # Half of all blinks do not close the eye; a picture catches any part of one.
        before, after = rng.uniform(0, 1, 2) * (rng.random(2) < [0.3, 0.85])
    elif rng.random() < 0.3:  # lids that hang a little, and tremble
        before = rng.uniform(0, 0.25)
        after = max(0.0, before + unrest * rng.normal(0, 0.04))
    else:
        before = after = 0.0
    difference = rng.normal(0, 0.03)
    pair = [
        (max(0.0, closure), max(0.0, closure * (1 + difference))) for closure in (before, after)
    ]
    return pair[0], pair[1]
