import dataclasses

import numpy as np
import pytest

from model.synthetic.combinations import EVEN
from model.synthetic.disturbances import residual_head_motion
from model.synthetic.identity import MIRROR, draw_identity, field_from_points
from model.synthetic.pairs import make_pair
from model.synthetic.recipe import DRAWN_NON_EVENTS, NON_EVENT, Recipe
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.event import ACTION_UNITS, CLASSES
from realtime.face.action_units import RECIPES, parse_unit, warp
from realtime.face.geometry import CROP_IOD

CLEAN = SimulatedCamera(scale=1.0, blur_px=0.0, noise=0.0, quality=0, crf=0)


@pytest.fixture(scope="module")
def pairs(portraits):
    return [make_pair(portraits, seed=5, index=index) for index in range(120)]


def test_a_pair_is_a_function_of_seed_and_index(portraits):
    first, again = (make_pair(portraits, 3, 17) for _ in range(2))
    for name in ("onset", "apex", "displacement", "valid"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert (first.label, first.units, first.kind) == (again.label, again.units, again.kind)
    other = make_pair(portraits, 4, 17)
    assert not np.array_equal(first.onset, other.onset)


def test_shapes_and_types(pairs):
    for pair in pairs[:10]:
        assert pair.onset.shape == pair.apex.shape == (224, 224)
        assert pair.onset.dtype == pair.apex.dtype == np.uint8
        assert pair.displacement.shape == (2, 224, 224)
        assert pair.valid.shape == (224, 224)


def test_a_third_are_non_events(pairs):
    none = [pair for pair in pairs if pair.label == NON_EVENT]
    assert 0.25 < len(none) / len(pairs) < 0.45
    assert all(pair.peak_iod == 0 and not pair.units for pair in none)


def test_non_events_are_of_every_kind(portraits):
    recipe = Recipe(non_event_share=1.0)
    kinds = {make_pair(portraits, 5, index, recipe).kind for index in range(120)}
    assert kinds == set(DRAWN_NON_EVENTS)


def test_events_are_of_every_class_and_of_its_action_units(pairs):
    events = [pair for pair in pairs if pair.label != NON_EVENT]
    assert {pair.label for pair in events} == {0, 1, 2}
    for pair in events:
        drawn = "+".join(EVEN[CLASSES[pair.label]]).split("+")
        assert {parse_unit(unit)[0] for unit in pair.units} <= set(drawn)
    assert any(unit[0] in "LR" for pair in events for unit in pair.units)


def test_units_are_drawn_as_they_are_coded_if_asked_for(portraits):
    recipe = Recipe(units="coded", non_event_share=0.0, smile_share=0.0)
    for index in range(20):
        pair = make_pair(portraits, 5, index, recipe)
        assert {parse_unit(unit)[0] for unit in pair.units} <= set(RECIPES[CLASSES[pair.label]])


def test_targets_follow_the_units(pairs):
    for pair in pairs:
        assert (pair.acts == 1).any() == any(
            parse_unit(unit)[0] in "+".join(ACTION_UNITS).split("+") for unit in pair.units
        )


def test_peaks_are_small_and_swept(pairs):
    peaks = [pair.peak_iod for pair in pairs if pair.label != NON_EVENT]
    assert min(peaks) < 0.008
    assert max(peaks) > 0.03
    assert max(peaks) <= 0.06


def without_the_camera(monkeypatch):
    monkeypatch.setattr(SimulatedCamera, "draw_for_pair", staticmethod(lambda rng: CLEAN))
    monkeypatch.setattr("model.synthetic.pairs.relight", lambda rng, face, step: face)


def difference(pair, onset):
    gap = pair.apex.astype(np.float32) - onset
    inside = pair.valid[8:-8, 8:-8]
    return float(np.abs(gap[8:-8, 8:-8][inside]).mean())


def test_true_displacement_carries_the_onset_onto_the_apex(portraits, monkeypatch):
    without_the_camera(monkeypatch)
    for index in range(12):
        pair = make_pair(portraits, 11, index)
        field = np.ascontiguousarray(pair.displacement.transpose(1, 2, 0))
        carried = warp(pair.onset.astype(np.float32), field)
        assert difference(pair, carried) < 0.35 * difference(pair, pair.onset) + 0.5


def test_displacement_turned_round_does_not(portraits, monkeypatch):
    without_the_camera(monkeypatch)
    pair = make_pair(portraits, 11, 1)
    field = np.ascontiguousarray(-pair.displacement.transpose(1, 2, 0))
    assert difference(pair, warp(pair.onset.astype(np.float32), field)) > difference(
        pair, pair.onset
    )


def test_onset_and_apex_are_equally_sharp(portraits, monkeypatch):
    without_the_camera(monkeypatch)
    ratios = []
    for index in range(40):
        pair = make_pair(portraits, 21, index)
        sharp = [
            float(np.abs(np.diff(picture.astype(np.float32), n=2)).mean())
            for picture in (pair.onset, pair.apex)
        ]
        ratios.append(np.log(sharp[1] / sharp[0]))
    assert abs(float(np.mean(ratios))) < 0.02


def test_a_turn_moves_the_nose_and_the_jaw_apart(portraits):
    landmarks = portraits[0].landmarks
    nose, jaw = landmarks[1].astype(int), landmarks[172].astype(int)
    apart = []
    for seed in range(20):
        field = residual_head_motion(np.random.default_rng(seed), landmarks, turn_degrees=4.0)
        apart.append(np.linalg.norm(field[nose[1], nose[0]] - field[jaw[1], jaw[0]]))
    assert np.median(apart) > 0.02 * CROP_IOD


def test_identities_differ_and_keep_their_landmarks_on_the_face(portraits):
    faces = [draw_identity(np.random.default_rng(seed), portraits) for seed in range(6)]
    for index, (face, landmarks) in enumerate(faces):
        assert landmarks.shape == (478, 3)
        for other, _ in faces[:index]:
            assert np.abs(face - other).mean() > 3
        # The pupils were drawn black on grey skin: the irises' landmarks still find them.
        x, y = np.rint(landmarks[[468, 473], :2]).astype(int).T
        assert face[y, x].max() < np.median(face)


def test_mirrored_landmarks_swap_sides():
    assert sorted(MIRROR) == list(range(478))
    assert (MIRROR[MIRROR] == np.arange(478)).all()
    assert MIRROR[61] == 291
    assert MIRROR[33] == 263
    assert MIRROR[468] == 473


def test_field_from_points_is_the_points_value_there_and_zero_far_off():
    points = np.random.default_rng(0).uniform(90, 130, (300, 2))
    field = field_from_points(points, np.full((300, 1), 2.0), reach_px=8)
    assert field[110, 110, 0] == pytest.approx(2.0, rel=0.05)
    assert abs(field[10, 10, 0]) < 0.01


def test_camera_noise_is_as_stated():
    grey = np.full((224, 224), 128, np.float32)
    camera = dataclasses.replace(CLEAN, noise=3.0)
    taken = camera.expose(np.random.default_rng(0), grey)
    assert taken.std() == pytest.approx(3.0, rel=0.05)


def test_a_repeated_frame_is_the_same_picture_and_has_not_moved(portraits):
    recipe = Recipe(non_event_share=1.0, non_events=("repeat",))
    pair = make_pair(portraits, 6, 0, recipe)
    assert pair.kind == "repeat"
    assert np.array_equal(pair.onset, pair.apex)
    assert not pair.displacement.any()


def test_the_restless_turn_and_move_their_lips_more(portraits):
    def moved(unrest):
        recipe = Recipe(
            non_event_share=1.0, non_events=("gaze",), unrest=(unrest, unrest), lips_share=1.0
        )
        fields = [make_pair(portraits, 8, index, recipe).displacement for index in range(6)]
        return np.median([np.abs(field - np.median(field)).max() for field in fields])

    assert moved(3.0) > 1.5 * moved(0.5)


def test_share_of_non_events_can_be_set(portraits):
    recipe = Recipe(non_event_share=0.0)
    assert all(make_pair(portraits, 1, i, recipe).label != NON_EVENT for i in range(20))
