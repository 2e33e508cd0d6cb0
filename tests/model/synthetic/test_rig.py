import numpy as np
import pytest

from model.synthetic.rig import rig_field, unit_displacement
from realtime.face.action_units import PULLS, displacement_field
from realtime.face.geometry import CANONICAL, CROP_IOD

OUTER_CORNER_OF_MOUTH = {"left": 291, "right": 61}
# Landmark and the way it goes, x to the person's left and y down: inner brow, outer brow, lid,
# mouth corner, chin.
EXPECTED = {
    "1": (107, (0, -1)),
    "2": (70, (0, -1)),
    "4": (55, (0, 1)),
    "5": (159, (0, -1)),
    "9": (129, (0, -1)),
    "12": (61, (-1, -1)),
    "15": (61, (0, 1)),
    "17": (17, (0, -1)),
    "26": (152, (0, 1)),
}


@pytest.mark.parametrize("unit", EXPECTED)
def test_every_unit_moves_the_skin_of_its_muscle_along_it(unit):
    landmark, way = EXPECTED[unit]
    moved = unit_displacement(unit)[landmark]
    assert np.dot(moved, way) > 0.25


def test_it_covers_all_units_of_the_other_model_and_is_scaled_alike():
    for unit in PULLS:
        length = np.hypot(*unit_displacement(unit).T)
        assert length.max() == pytest.approx(1.0, rel=1e-5)


def test_one_side_leaves_the_other_still():
    for unit in PULLS:
        for side, sign in (("L", 1), ("R", -1)):
            moved = np.hypot(*unit_displacement(side + unit).T)
            across = CANONICAL[:, 0] * sign
            assert moved[across < -0.25].max() < 0.1
            assert moved[across > 0].max() == pytest.approx(1.0, rel=1e-5)


def test_the_field_has_the_peak_that_was_asked_for(portraits):
    field = rig_field({"12": 0.8, "6": 0.6}, portraits[0].landmarks, 0.02)
    assert field.shape == (224, 224, 2)
    assert np.hypot(field[..., 0], field[..., 1]).max() == pytest.approx(0.02 * CROP_IOD, rel=1e-4)
    assert np.hypot(field[5, 5, 0], field[5, 5, 1]) < 0.05


def test_the_two_models_agree_in_direction_and_differ_in_shape(portraits):
    landmarks = portraits[0].landmarks
    for unit in ("1", "4", "12", "15", "26"):
        one = rig_field({unit: 1.0}, landmarks, 0.03).ravel()
        other = displacement_field({unit: 1.0}, landmarks, (224, 224), peak_iod=0.03).ravel()
        likeness = one @ other / np.sqrt((one @ one) * (other @ other))
        assert 0.15 < likeness < 0.95
