"""A movement laid into a pair whose displacement is known already.

Called by the pair cache.  The displacement module is forty times as dear as all that learns behind
it.  A small movement adds to what it measured: so one pair without an event serves for several with
one, and the background is the same with and without it.  The module measures such a movement at
about 0.86 of its size and a little blurred, which varies from place to place.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.combinations import targets
from model.synthetic.identity import smooth_noise
from model.synthetic.movement import draw_movement
from model.synthetic.recipe import Recipe
from realtime.face.action_units import warp
from realtime.face.geometry import CROP_IOD, CROP_SIZE, canonical_in_crop

_GAIN, _SIGMA_LN_GAIN = 0.86, 0.12
_UNEVEN = 0.15  # deviation of the gain from place to place
_BLUR_PX = (1.0, 4.0)
_BEND_IOD = 0.035  # features lie elsewhere than on the canonical face by this deviation


def lay_movement(
    rng: np.random.Generator,
    pair: NDArray[np.uint8],
    displacement: NDArray[np.floating],
    recipe: Recipe,
) -> tuple[NDArray[np.uint8], NDArray[np.float32], int, NDArray[np.int8]]:
    """An event on the ground of a pair that shows none.

    Args:
        pair: (2, 224, 224) onset and apex.
        displacement: (2, 224, 224) what the module measured, crop pixels.

    Returns:
        (pair, displacement, class, units that act as `combinations.targets` gives them).
    """
    bend = _BEND_IOD * CROP_IOD * smooth_noise(rng, 5, 2)
    points = canonical_in_crop()
    column, row = np.clip(np.rint(points), 0, CROP_SIZE - 1).astype(np.intp).T
    middle = CROP_SIZE / 2
    size = rng.normal(1, 0.04) * np.array([rng.normal(1, 0.04), 1.0])
    points = (points - middle) * size + middle + rng.normal(0, 2, 2) + bend[row, column]
    movement = draw_movement(rng, points, replace(recipe, non_event_share=0.0), ())
    apex = warp(pair[1], movement.skin)
    gain = _GAIN * np.exp(rng.normal(0, _SIGMA_LN_GAIN)) * np.exp(_UNEVEN * smooth_noise(rng, 6, 1))
    seen = gain * cv2.GaussianBlur(movement.skin, (0, 0), rng.uniform(*_BLUR_PX))
    measured = np.asarray(displacement, np.float32) + seen.transpose(2, 0, 1)
    return (
        np.stack([pair[0], apex]),
        np.asarray(measured, np.float32),
        movement.label,
        targets(movement.units, movement.unknown),
    )
