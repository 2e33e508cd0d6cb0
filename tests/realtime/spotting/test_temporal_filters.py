"""The filters in time: blind to drift, and less noisy than a second difference."""

import numpy as np
import pytest

from realtime.spotting.temporal_filters import EARLY, LATE, TemporalFilter

SECOND_DIFFERENCE = TemporalFilter(before=8, half_before=0, half=0, after=8, half_after=0)


@pytest.mark.parametrize("temporal", [EARLY, LATE])
def test_a_steady_position_and_a_steady_velocity_have_no_pulse(temporal):
    steady = 3.0 + 0.2 * np.arange(60.0)[:, None]
    assert np.abs(temporal.pulses(steady)).max() < 1e-9


@pytest.mark.parametrize("temporal", [EARLY, LATE])
def test_a_rise_and_return_is_a_pulse_at_its_apex(temporal):
    course = np.exp(-(((np.arange(80.0) - 40) / 6) ** 2))[:, None]
    pulses = temporal.pulses(course)[:, 0]
    assert abs(int(np.argmax(pulses)) + temporal.back - 40) <= 2
    assert pulses.max() > 0.6


def test_the_second_difference_is_one_of_them():
    weights = SECOND_DIFFERENCE.weights
    assert weights[[0, 8, 16]].tolist() == [-0.5, 1.0, -0.5]
    assert np.count_nonzero(weights) == 3


@pytest.mark.parametrize("temporal", [EARLY, LATE])
def test_the_noise_of_single_frames_is_less_than_in_a_second_difference(temporal):
    def white(f):
        return float(np.sqrt((f.weights**2).sum()))

    assert white(temporal) < 0.65 * white(SECOND_DIFFERENCE)


def test_the_early_filter_needs_no_more_of_the_future_than_a_flag_has():
    assert EARLY.ahead == 8
    assert len(EARLY.weights) == EARLY.back + 1 + EARLY.ahead
