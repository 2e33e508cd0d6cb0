import numpy as np
import pytest

from model.synthetic.combinations import EVEN, SIDES, UNKNOWN, draw_even, targets
from realtime.event import ACTION_UNITS, CLASSES
from realtime.face.action_units import PULLS


def acting(acts):
    return {(ACTION_UNITS[row], SIDES[column]) for row, column in np.argwhere(acts == 1).tolist()}


def test_every_class_has_combinations_of_known_units():
    assert set(EVEN) == set(CLASSES)
    assert all(unit in PULLS for c in EVEN.values() for name in c for unit in name.split("+"))


def test_every_unit_that_is_named_is_drawn():
    rng = np.random.default_rng(0)
    seen = np.sum([targets(draw_even(rng, label)) for label in CLASSES for _ in range(200)], axis=0)
    assert (seen > 0).all()


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (("1",), {("1+2", "right"), ("1+2", "left")}),
        (("L12", "L6"), {("12", "left"), ("6", "left")}),
        (("R17",), {("17", "right"), ("17", "left")}),  # of the midline
        (("25",), set()),  # not one of those that are named
    ],
)
def test_targets_name_units_and_sides(units, expected):
    assert acting(targets(units)) == expected


def test_what_nobody_coded_is_unknown():
    acts = targets(("12",), unknown=("6", "12"))
    assert (acts[ACTION_UNITS.index("6")] == UNKNOWN).all()
    assert (acts[ACTION_UNITS.index("12")] == 1).all()
