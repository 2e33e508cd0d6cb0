"""The meter's readings and its one sentence."""

import dataclasses
import math

import cv2
import numpy as np
import pytest

from realtime.dashboard.signal_meter import meter_line, meter_rows, readings, sentence
from realtime.face.assessability import AssessConfig
from realtime.face.signal_quality import SignalQuality, sharpness

GOOD = SignalQuality(60.0, 120.0, 120.0, 0.2, 0.0, 0.0)
POOR = {
    "fps": (16.0, "few frames"),
    "grey": (40.0, "little light"),
    "iod_px": (36.0, "the face is small"),
    "sharpness": (0.02, "blurred"),
    "head_iod_s": (0.45, "head moves"),
    "coarse": (2.8, "compressed"),
}


def test_a_good_signal_is_full_and_has_nothing_to_be_said():
    assert [one.share for one in readings(GOOD)] == [1.0] * 6
    assert sentence(GOOD, live=True) == ""


@pytest.mark.parametrize("field", POOR)
@pytest.mark.parametrize("live", [True, False])
def test_the_poorest_reading_is_told_with_what_to_do(field, live):
    value, said = POOR[field]
    poor = dataclasses.replace(GOOD, **{field: value})
    told = sentence(poor, live=live)
    assert said.split()[-1] in told or not live
    assert told
    assert ("come closer" in told) is (field == "iod_px" and live)


def test_too_much_light_is_not_told_to_add_some():
    assert "too much light" in sentence(dataclasses.replace(GOOD, grey=252.0), live=True)


def test_at_the_limit_of_what_is_assessable_a_reading_is_empty():
    limits = AssessConfig()
    quality = SignalQuality(limits.min_fps, limits.min_grey, limits.min_iod_px, 0.0, 0.5, 3.0)
    assert max(one.share for one in readings(quality)) == 0.0


def test_what_is_not_measured_is_neither_full_nor_empty_and_lines_keep_their_width():
    nothing = SignalQuality(0.0)
    assert all(math.isnan(one.share) for one in readings(nothing))
    assert sentence(nothing, live=True) == ""
    for quality in (GOOD, nothing):
        assert all(line.cell_len <= 40 for line in meter_rows(quality, 40))
        assert meter_line(quality, 80).cell_len <= 80


def test_blur_lowers_sharpness():
    picture = np.random.default_rng(1).integers(0, 255, (224, 224), dtype=np.uint8)
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.0), np.uint8)
    assert sharpness(soft) < 0.5 * sharpness(picture)
    assert sharpness(np.full((224, 224), 7, np.uint8)) == 0.0
