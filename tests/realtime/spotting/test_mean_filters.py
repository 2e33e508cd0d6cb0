"""How well an action unit fits the means of a movement."""

import numpy as np
import pytest

from realtime.spotting.channels import CHANNELS, FIRST
from realtime.spotting.mean_filters import MeanFilter
from realtime.spotting.temporal_filters import EARLY, LATE
from realtime.spotting.timeline import HALF_WINDOW_NS, STEP_NS, Timeline
from tests.model.spotting.signals import brow_pattern

NOISE_PX = 0.05
APEX = 500  # grid sample


def watched(temporal, known, *, peak_px=0.0, width=7):
    """A filter that has learned `known` samples of a face whose brows go up and come back."""
    random, line = np.random.default_rng(0), Timeline(CHANNELS, keep_s=4.0)
    filters = MeanFilter(temporal)
    window = 2 * HALF_WINDOW_NS // STEP_NS  # a sample is a mean, known once its last frame is there
    for i in range(known + window):
        row = np.zeros(CHANNELS)
        row[:FIRST] = random.normal(0, NOISE_PX, FIRST)
        row[:FIRST] += (
            peak_px * np.exp(-(((i - window / 2 - APEX) / width) ** 2)) * brow_pattern().ravel()
        )
        for index in line.resample(i * STEP_NS, row):
            filters.learn(line, index)
    return filters, line


@pytest.mark.parametrize(("temporal", "after"), [(EARLY, 10), (LATE, 27)])
def test_a_movement_stands_out_of_what_the_face_usually_does(temporal, after):
    filters, line = watched(temporal, APEX + after, peak_px=0.8)
    seen = filters.evidence(line, APEX)
    assert seen.fit.upper.z > 5
    assert seen.fit.upper.t > seen.most_usual_t[0] > seen.usual_t[0]
    assert seen.fit.lower.z < 0.6 * seen.fit.upper.z


def test_the_late_filter_sees_more_of_a_long_movement():
    z = []
    for temporal in (EARLY, LATE):
        filters, line = watched(temporal, APEX + 27, peak_px=0.6, width=11)
        z.append(filters.evidence(line, APEX).fit.upper.z)
    assert z[1] > 1.1 * z[0]


def test_a_face_at_rest_has_no_evidence():
    filters, line = watched(LATE, APEX + 27)
    assert filters.evidence(line, APEX).fit.upper.z < 4


def test_a_new_face_has_no_habits():
    filters, line = watched(EARLY, APEX)
    filters.reset()
    fresh = filters.evidence(line, APEX - 10)
    assert fresh.usual_t == fresh.most_usual_t == (0.0, 0.0)


def test_pulses_side_by_side_are_those_of_the_filter_and_the_best_of_them_is_taken():
    filters, line = watched(LATE, APEX + 27, peak_px=0.6)
    first, last = APEX - 3, APEX + 3
    pulses = filters._pulses(line, first, last)
    span = line.span(first - LATE.back, last + LATE.ahead)[:, :FIRST]
    assert np.allclose(pulses, LATE.pulses(span))
    fits = [filters._units.fit(pulse) for pulse in pulses]
    each = [max(fit.upper.z, fit.lower.z) for fit in fits]
    assert filters._units.largest_z(pulses) == pytest.approx(np.array(each))
    assert filters.evidence(line, APEX).fit.upper.z == pytest.approx(max(each))
