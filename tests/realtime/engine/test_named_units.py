import numpy as np
import pytest

from realtime.engine.folder import UnitCalibration
from realtime.engine.named_units import amplitudes, name_units, unit_probabilities
from realtime.event import ACTION_UNITS
from realtime.face.action_units import displacement_field
from realtime.face.geometry import canonical_in_crop

PLAIN = dict.fromkeys(ACTION_UNITS, UnitCalibration())


def moved(units, peak_iod):
    """(2, 224, 224) crop pixels."""
    field = displacement_field(units, canonical_in_crop(), (224, 224), peak_iod=peak_iod)
    return field.transpose(2, 0, 1)


def logits(**sides):
    """Units named by keyword au4="R", all others improbable."""
    found = np.full((len(ACTION_UNITS), 2), -4.0, np.float32)
    for name, side in sides.items():
        row = ACTION_UNITS.index({"au1": "1+2"}.get(name, name[2:]))
        found[row, ["RL".index(s) for s in side]] = 2.0
    return found


@pytest.mark.parametrize(
    ("side", "letter", "told"), [("R", "R", "right"), ("L", "L", "left"), ("RL", "", "both")]
)
def test_a_unit_has_its_side_and_its_size(side, letter, told):
    (named,) = name_units(logits(au4=side), moved({f"{letter}4": 1.0}, 0.016), PLAIN)
    assert (named.unit, named.side) == ("4", told)
    assert named.amplitude_iod == pytest.approx(0.016, rel=0.1)
    assert named.probability == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-3)


def test_the_chin_has_no_side():
    (named,) = name_units(logits(au17="L"), moved({"17": 1.0}, 0.01), PLAIN)
    assert named.side == "both"


def test_what_the_head_does_is_not_counted():
    y, x = np.mgrid[:224, :224] - 112.0
    head = np.stack([0.8 + 0.01 * x - 0.02 * y, -0.5 + 0.02 * x + 0.01 * y])
    (size,) = amplitudes([("12", "both")], moved({"12": 1.0}, 0.02) + head)
    assert size == pytest.approx(0.02, rel=0.1)


def test_two_units_at_once_and_one_that_did_not_move():
    both = moved({"4": 1.0}, 0.01) + moved({"L12": 1.0}, 0.02)
    sizes = amplitudes([("4", "both"), ("12", "left"), ("12", "right")], both)
    assert sizes == pytest.approx([0.01, 0.02, 0.0], abs=0.002)


def test_improbable_units_are_not_named_and_the_most_probable_comes_first():
    answer = logits(au4="RL", au9="RL")
    answer[ACTION_UNITS.index("9")] = 3.0
    named = name_units(answer, moved({"4": 1.0, "9": 1.0}, 0.02), PLAIN)
    assert [unit.unit for unit in named] == ["9", "4"]
    strict = dict.fromkeys(ACTION_UNITS, UnitCalibration(threshold=0.99))
    assert name_units(answer, moved({"4": 1.0}, 0.02), strict) == ()


def test_a_second_unit_that_moved_nothing_is_left_out():
    answer = logits(au12="R", au14="R")
    answer[ACTION_UNITS.index("12")] += 1
    (named,) = name_units(answer, moved({"R12": 1.0}, 0.02), PLAIN)
    assert named.unit == "12"


def test_a_unit_whose_way_the_skin_did_not_move_is_not_named():
    """Not even where it is the only one: brows that went up were not lowered by 0.0 %."""
    assert name_units(logits(au4="RL"), moved({"4": -1.0}, 0.02), PLAIN) == ()


def test_a_logit_is_calibrated_by_its_unit():
    calibration = PLAIN | {"9": UnitCalibration(slope=0.5, offset=-1.0)}
    probability = unit_probabilities(np.full((11, 2), 2.0), calibration)
    assert probability[ACTION_UNITS.index("9")] == pytest.approx(0.5)
    assert probability[ACTION_UNITS.index("4")] == pytest.approx(1 / (1 + np.exp(-2)))


def test_no_unit_no_amplitude():
    assert amplitudes([], np.zeros((2, 224, 224))).size == 0
