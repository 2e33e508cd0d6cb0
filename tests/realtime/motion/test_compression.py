"""How coarsely a face is brought up to date: noise, repetition, blocks."""

import numpy as np
import pytest

from realtime.motion.compression import coarseness

LANDMARKS = np.array([[40.0, 20.0, 0], [120.0, 20.0, 0], [40.0, 100.0, 0], [120.0, 100.0, 0]])
STILL = np.full((140, 160), 100, np.uint8)


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (140, 160), np.uint8)


def test_the_first_frame_and_a_repeated_one_tell_nothing():
    assert coarseness(picture(), None, LANDMARKS) is None
    assert coarseness(picture(), picture(), LANDMARKS) is None


def test_a_sensors_noise_is_not_coarse_however_strong():
    noise = np.random.default_rng(1).normal(0, 8, STILL.shape)
    after = np.clip(np.rint(STILL + noise), 0, 255).astype(np.uint8)
    assert coarseness(after, STILL, LANDMARKS) == 0.0


@pytest.mark.parametrize("change", [1, 7])
def test_a_block_brought_up_to_date_is_as_coarse_as_its_change(change):
    after = STILL.copy()
    after[20:61, 40:81] += change  # a quarter of the face
    assert coarseness(after, STILL, LANDMARKS) == pytest.approx(change)


def test_where_most_of_the_face_changes_nothing_is_coarse():
    after = STILL.copy()
    after[20:61, 40:121] += 7  # half of it
    assert coarseness(after, STILL, LANDMARKS) == 0.0


def test_only_the_face_counts():
    after = picture()
    after[100:, :30] ^= 255
    assert coarseness(after, picture(), LANDMARKS) is None


@pytest.mark.parametrize("shift", [(-90, 0), (0, -70), (100, 90), (1000, 1000)])
def test_a_face_may_reach_out_of_the_picture(shift):
    after = STILL.copy()
    after[::4, ::4] += 5
    shifted = LANDMARKS[:, :2] + shift
    assert coarseness(after, STILL, shifted) in (None, pytest.approx(5.0))


def test_a_picture_of_another_size_cannot_be_compared():
    assert coarseness(picture(), picture()[:100], LANDMARKS) is None
