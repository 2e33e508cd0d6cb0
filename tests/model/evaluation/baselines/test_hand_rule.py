import numpy as np
import pytest

from model.evaluation.baselines.hand_rule import HandRule
from model.evaluation.baselines.majority import Majority
from model.evaluation.baselines.similarity import residual
from model.synthetic.rig import rig_field
from realtime.face.action_units import displacement_field, warp


def pair(portrait, field):
    return np.stack([portrait.crop, warp(portrait.crop, field)])


@pytest.mark.parametrize(
    ("units", "label"),
    [
        (("1", "2"), 2),
        (("12",), 1),
        (("12", "6"), 1),
        (("4",), 0),
        (("15",), 0),
        (("17",), 0),
        (("L12",), 1),
    ],
)
def test_the_rule_names_plain_movements(portraits, units, label):
    activations = dict.fromkeys(units, 1.0)
    for portrait in portraits:
        field = displacement_field(activations, portrait.landmarks, (224, 224), peak_iod=0.03)
        answer = HandRule().predict(pair(portrait, field)[None])
        assert answer.probabilities[0].argmax() == label
        assert answer.probabilities.sum() == pytest.approx(1)
        assert answer.micro[0] > 0.5


def test_it_does_not_hang_on_one_model_of_motion(portraits):
    rule = HandRule()
    for units, label in ((("1", "2"), 2), (("12",), 1), (("4",), 0)):
        field = rig_field(dict.fromkeys(units, 1.0), portraits[0].landmarks, 0.03)
        assert rule.predict(pair(portraits[0], field)[None]).probabilities[0].argmax() == label


def test_the_heads_motion_alone_is_no_event(portraits):
    y, x = np.mgrid[:224, :224].astype(np.float32) - 112
    head = np.stack([0.8 + 0.01 * x - 0.008 * y, -0.5 + 0.008 * x + 0.01 * y], axis=-1)
    for portrait in portraits:
        assert HandRule().predict(pair(portrait, head)[None]).micro[0] < 0.5


def test_a_similarity_is_taken_out_though_a_part_of_the_face_moves():
    y, x = np.mgrid[:224, :224].astype(np.float32) - 112
    flow = np.stack([0.8 + 0.01 * x - 0.008 * y, -0.5 + 0.008 * x + 0.01 * y], axis=-1)
    brows = flow.copy()
    brows[40:60, 60:160, 1] -= 2.0
    left = residual(brows)
    assert np.abs(left[120:180, 80:150]).max() < 0.05
    assert left[50, 100, 1] == pytest.approx(-2.0, abs=0.1)


def test_answers_do_not_depend_on_what_was_asked_before(portraits):
    field = displacement_field({"12": 1.0}, portraits[0].landmarks, (224, 224), peak_iod=0.02)
    asked = pair(portraits[0], field)[None]
    rule = HandRule()
    first = rule.predict(asked)
    rule.predict(pair(portraits[1], 3 * field)[None])
    again = rule.predict(asked)
    assert np.array_equal(first.probabilities, again.probabilities)
    assert np.array_equal(first.micro, again.micro)


def test_the_majority_does_not_look():
    pairs = np.random.default_rng(0).integers(0, 255, (4, 2, 224, 224)).astype(np.uint8)
    answer = Majority().predict(pairs)
    assert (answer.probabilities.argmax(axis=1) == 0).all()
    assert len(set(answer.micro)) == 1
