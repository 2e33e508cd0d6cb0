"""The smallest movement that would be found: true, quick to follow, and without a trace."""

import math

import numpy as np
import pytest

from realtime.spotting.candidates import CandidateFinder
from realtime.spotting.sensitivity import (
    SHARE,
    UNKNOWN,
    Probes,
    Sensitivity,
    SensitivityMeter,
    SensitivityTimer,
    _course,
    _Estimate,
)
from realtime.spotting.spotter import Spotter
from realtime.spotting.verifier import load_verifier
from tests.model.spotting.signals import brow_pattern, quiet_series

FLAT = brow_pattern().reshape(1, -1).astype(float)
PROBES = Probes(FLAT, FLAT, 0.0, 1.0)


def watched(series, meter, would_stand):
    finder, values = CandidateFinder(), []
    for t_s, row in zip(series.t_s.tolist(), series.rows.astype(float), strict=True):
        values.append(finder.find(round(t_s * 1e9), row))
        meter.ask(finder, 1 / series.fps, would_stand)
    return finder, values


def test_an_estimate_finds_the_size_that_answers_change_at():
    estimate, random = _Estimate(0.002, 0.15), np.random.default_rng(0)
    true = math.log(0.015)
    for _ in range(200):
        log_size = estimate.log_size(float(random.uniform(0.3, 0.9)))
        chance = 0.97 / (1 + math.exp(-(log_size - true) / 0.35))
        estimate.learn(log_size, bool(random.random() < chance))
    assert estimate.centre == pytest.approx(true, abs=0.35)
    assert estimate.log_size(SHARE) > estimate.centre


def test_it_follows_a_face_that_begins_to_move():
    estimate = _Estimate(0.002, 0.15)
    for _ in range(30):
        estimate.learn(math.log(0.01), found=True)
    before = estimate.centre
    for _ in range(15):
        estimate.learn(math.log(0.01), found=False)
    assert estimate.centre > before + 0.5


def test_asking_leaves_everything_as_it_was():
    series, verifier = quiet_series(8.0), load_verifier()
    spotter = Spotter(verifier=verifier)
    meter = SensitivityMeter(verifier.probes)
    asked, found = watched(series, meter, spotter.would_stand)
    alone, found_alone = watched(series, SensitivityMeter(PROBES), lambda _: False)
    assert meter.value.is_known
    assert np.array_equal(asked.noise_px, alone.noise_px)
    assert asked.strengths == alone.strengths
    for a, b in zip(found, found_alone, strict=True):
        assert [m.pulse.apex_ns for m in a] == [m.pulse.apex_ns for m in b]
        assert all(np.array_equal(x.features, y.features) for x, y in zip(a, b, strict=True))


def test_a_noisier_face_needs_larger_movements():
    verifier = load_verifier()
    sizes = []
    for noise_px in (0.03, 0.5):
        meter = SensitivityMeter(verifier.probes)
        watched(quiet_series(10.0, noise_px=noise_px), meter, Spotter().would_stand)
        sizes.append(meter.value.upper_iod)
    assert sizes[1] > 1.5 * sizes[0]


def test_the_same_film_gives_the_same_figures():
    verifier = load_verifier()
    values = []
    for _ in range(2):
        meter = SensitivityMeter(verifier.probes)
        watched(quiet_series(6.0), meter, Spotter(verifier=verifier).would_stand)
        values.append(meter.value)
    assert values[0] == values[1]


def test_nothing_is_told_before_the_face_is_known_and_of_a_hidden_face_only_the_worst():
    meter = SensitivityMeter(PROBES)
    watched(quiet_series(1.5), meter, lambda _: True)
    assert meter.value == UNKNOWN
    finder, hidden = CandidateFinder(), SensitivityMeter(PROBES)
    series = quiet_series(10.0)
    for t_s, row in zip(series.t_s.tolist(), series.rows.astype(float), strict=True):
        finder.find(round(t_s * 1e9), row)
        hidden.ask(finder, 1 / 30, lambda _: True, hidden=True)
    assert hidden.value.best_iod > 0.06


def test_a_low_frame_rate_shows_less_of_a_short_movement():
    def height(period_s):
        return np.mean([_course(np.random.default_rng(k), period_s).max() for k in range(40)])

    assert height(1 / 60) > height(1 / 15) + 0.03
    assert height(1 / 60) <= 1.0


def test_the_correction_is_a_line_of_logs():
    probes = Probes(FLAT, FLAT, math.log(1.25), 1.0)
    assert probes.corrected(0.01) == pytest.approx(0.0125)


def test_the_timer_sums_up_what_was_known():
    timer = SensitivityTimer()
    assert timer.shares() == {}
    for k in range(11):
        timer.note(k / 10, Sensitivity(0.012, 0.05))
    timer.note(1.1, UNKNOWN)
    timer.note(9.0, Sensitivity(0.012, 0.05))  # time was lost
    shares = timer.shares()
    assert shares["upper"] == {"1": 0.0, "1.5": 1.0, "2": 1.0, "3": 1.0, "6": 1.0}
    assert shares["lower"]["3"] == 0.0
    assert shares["lower"]["6"] == 1.0


@pytest.mark.parametrize(
    ("upper_iod", "lower_iod", "expected"),
    [(0.07, 0.2, True), (0.05, 0.2, False), (0.2, 0.05, False), (math.nan, math.nan, False)],
)
def test_it_is_insufficient_where_neither_half_of_the_face_would_show_a_micro_expression(
    upper_iod, lower_iod, expected
):
    assert Sensitivity(upper_iod, lower_iod).is_insufficient is expected
