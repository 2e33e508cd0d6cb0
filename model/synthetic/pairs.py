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

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.combinations import targets
from model.synthetic.disturbances import (
    Glasses,
    close_lids,
    flicker,
    gaze_shift,
    mouth_motion,
    relight,
    residual_head_motion,
)
from model.synthetic.footage import Footage, borrowed_motion, pick
from model.synthetic.identity import draw_identity, smooth_noise
from model.synthetic.movement import DrawnMovement, draw_movement
from model.synthetic.portraits import Portrait
from model.synthetic.random_draws import log_uniform
from model.synthetic.recipe import Recipe
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.face.action_units import Field, warp
from realtime.face.geometry import CROP_IOD, CROP_SIZE

_FPS = 30.0  # stated to the encoder; it does not space the pair


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


def _photograph(
    rng: np.random.Generator,
    face_and_landmarks: tuple[NDArray[np.float32], NDArray[np.float32]],
    movement: DrawnMovement,
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
