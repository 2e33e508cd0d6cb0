import numpy as np
import pytest

from model.synthetic.disturbances import Glasses, flicker, vary
from model.synthetic.simulated_camera import h264
from realtime.face.action_units import displacement_field
from realtime.face.geometry import eye_centres


def test_glasses_go_with_the_head_and_hide_what_moves_behind(portraits):
    landmarks = portraits[0].landmarks
    glasses = Glasses.draw(np.random.default_rng(1), landmarks)
    right, left = np.rint(eye_centres(landmarks)).astype(int)
    for x, y in (right, left):  # a rim around each eye, and none across the pupil
        assert glasses.rim[y - 35 : y + 36, x - 35 : x + 36].max() > 0.3
    still = np.zeros((224, 224, 2), np.float32)
    aside = np.full((224, 224, 2), (3.0, 0.0), np.float32)
    grey = np.full((224, 224), 128, np.float32)
    worn, moved = glasses.put_on(grey, still), glasses.put_on(grey, aside)
    assert np.abs(moved[:, 3:] - worn[:, :-3]).max() < 1e-3
    assert np.abs(moved - worn).max() > 20


def test_h264_keeps_the_picture_and_loses_small_motion_when_it_must_save(portraits):
    face = portraits[0].crop
    field = displacement_field({"12": 1.0}, portraits[0].landmarks, (224, 224), peak_iod=0.01)
    from realtime.face.action_units import warp

    apex = warp(face, field)
    change = np.abs(apex.astype(float) - face).mean()
    for crf, at_least, at_most in ((12, 0.5, 1.5), (45, 0.0, 0.6)):
        first, second = h264([face, np.rint(apex).astype(np.uint8)], 30.0, crf=crf)
        assert first.shape == second.shape == (224, 224)
        kept = np.abs(second.astype(float) - first).mean() / change
        assert at_least <= kept <= at_most


def test_h264_is_a_function_of_its_pictures(portraits):
    pictures = (portraits[0].crop, portraits[1].crop)
    once, again = (h264(pictures, 30.0, crf=30) for _ in range(2))
    assert np.array_equal(once, again)


def test_flicker_is_in_rows_and_small():
    grey = np.full((224, 224), 100, np.float32)
    lit = flicker(np.random.default_rng(0), grey)
    assert (lit == lit[:, :1]).all()
    assert 0.3 < np.ptp(lit) <= 6.1


def test_people_move_alike_but_not_the_same(portraits):
    field = displacement_field({"4": 1.0}, portraits[0].landmarks, (224, 224), peak_iod=0.03)
    ratios = []
    for seed in range(20):
        varied = vary(np.random.default_rng(seed), field)
        likeness = float((varied * field).sum() / (field * field).sum())
        assert likeness > 0.4
        ratios.append(likeness)
    assert np.std(ratios) > 0.03
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.15)
