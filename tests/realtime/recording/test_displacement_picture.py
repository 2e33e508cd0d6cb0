import cv2
import numpy as np
import pytest

from realtime.recording.displacement_picture import displacement_picture

CROP = np.full((224, 224), 128, np.uint8)


def hue_at(picture, x, y):
    return int(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)[y * 3, x * 3, 0])


@pytest.mark.parametrize(("way", "hue"), [((1, 0), 0), ((0, 1), 45), ((-1, 0), 90), ((0, -1), 135)])
def test_hue_is_the_direction(way, hue):
    field = np.zeros((2, 224, 224), np.float32)
    field[:, 100:140, 100:140] = np.reshape(way, (2, 1, 1))
    picture = displacement_picture(CROP, field)
    # beside the arrows, which start every 14 pixels from 7
    assert hue_at(picture, 112, 128) == pytest.approx(hue, abs=3)


def test_noise_of_a_still_face_stays_grey():
    field = np.random.default_rng(0).normal(0, 0.01, (2, 224, 224)).astype(np.float32)
    picture = displacement_picture(CROP, field)[: 224 * 3]
    assert np.ptp(picture.astype(int), axis=2).max() < 48  # motion of full size is 165


def test_values_that_are_no_numbers_are_drawn_as_no_motion():
    field = np.full((2, 224, 224), np.nan, np.float32)
    field[0, 0, 0] = np.inf
    picture = displacement_picture(CROP, field)[: 224 * 3]
    assert np.ptp(picture.astype(int), axis=2).max() == 0
