"""How much of a face is new: sensor noise, a codec's repetition, a block brought up to date."""

import numpy as np
import pytest

from realtime.freshness import fresh_share

LANDMARKS = np.array([[40.0, 20.0, 0], [120.0, 20.0, 0], [40.0, 100.0, 0], [120.0, 100.0, 0]])


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (140, 160), np.uint8)


def test_the_first_frame_is_all_new():
    assert fresh_share(picture(), None, LANDMARKS) == 1.0


def test_a_repeated_frame_has_nothing_new():
    assert fresh_share(picture(), picture(), LANDMARKS) == 0.0


def test_a_sensors_noise_is_new_nearly_everywhere():
    noise = np.random.default_rng(1).normal(0, 3, (140, 160))
    after = np.clip(np.rint(128 + noise), 0, 255).astype(np.uint8)
    assert fresh_share(after, np.full_like(after, 128), LANDMARKS) == pytest.approx(0.87, abs=0.03)


def test_a_block_that_was_brought_up_to_date_is_its_share_of_the_face():
    after = np.full((140, 160), 100, np.uint8)
    before = after.copy()
    after[20:61, 40:81] += 7  # a quarter of the face
    assert fresh_share(after, before, LANDMARKS) == pytest.approx(0.25, abs=0.02)


def test_only_the_face_counts():
    after = picture()
    after[100:, :30] ^= 255
    assert fresh_share(after, picture(), LANDMARKS) == 0.0


@pytest.mark.parametrize("shift", [(-90, 0), (0, -70), (100, 90), (1000, 1000)])
def test_a_face_may_reach_out_of_the_picture(shift):
    assert 0.0 <= fresh_share(picture(1), picture(2), LANDMARKS[:, :2] + shift) <= 1.0


def test_a_picture_of_another_size_is_all_new():
    assert fresh_share(picture(), picture()[:100], LANDMARKS) == 1.0
