"""An elastic skin moves as anatomy says, and not as the other models do."""

import numpy as np
import pytest

from model.synthetic.elastic import MUSCLES, elastic_field
from model.synthetic.skin_models import SKINS
from realtime.face.action_units import PULLS
from realtime.face.geometry import CROP_IOD, canonical_in_crop

FACE = canonical_in_crop()
RIGHT_CORNER, LEFT_CORNER = 61, 291  # of the mouth


def at(field, landmark):
    x, y = np.rint(FACE[landmark]).astype(int)
    return field[y, x]


def test_it_knows_every_unit():
    assert MUSCLES.keys() == PULLS.keys()


@pytest.mark.parametrize("unit", MUSCLES)
def test_the_longest_displacement_is_what_was_asked_for(unit):
    field = elastic_field({unit: 0.7}, FACE, 0.02)
    assert np.hypot(*field.T).max() == pytest.approx(0.02 * CROP_IOD, rel=1e-4)


@pytest.mark.parametrize(
    ("unit", "landmark", "way"),
    [("12", RIGHT_CORNER, (-1, -1)), ("15", RIGHT_CORNER, (0, 1)), ("1", 107, (0, -1))],
)
def test_units_move_the_skin_their_way(unit, landmark, way):
    moved = at(elastic_field({unit: 1.0}, FACE, 0.03), landmark)
    assert moved @ np.array(way) > 0.5 * np.hypot(*moved)


def test_both_sides_move_alike():
    field = elastic_field({"12": 1.0}, FACE, 0.03)
    right, left = at(field, RIGHT_CORNER), at(field, LEFT_CORNER)
    assert left == pytest.approx(right * (-1, 1), abs=0.1)


def test_one_side_stays():
    field = elastic_field({"L12": 1.0}, FACE, 0.03)
    assert np.hypot(*at(field, LEFT_CORNER)) > 5 * np.hypot(*at(field, RIGHT_CORNER))


def test_far_from_a_muscle_nothing_moves():
    assert np.hypot(*at(elastic_field({"12": 1.0}, FACE, 0.03), 10)) < 0.02  # the top of the head


@pytest.mark.parametrize("other", ["pulls", "rig"])
def test_it_is_another_model_than_the_others(other):
    alike, skin = [], SKINS[other]
    for unit in MUSCLES:
        ours, theirs = elastic_field({unit: 1.0}, FACE, 0.03), skin({unit: 1.0}, FACE, 0.03)
        alike.append((ours * theirs).sum() / np.sqrt((ours**2).sum() * (theirs**2).sum()))
    assert np.median(alike) < 0.9
