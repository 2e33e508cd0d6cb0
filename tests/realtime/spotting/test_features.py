"""The kernels of scores and evidence against the formulas in numpy."""

import numpy as np
import pytest

from realtime.motion.regions import MEMBERS, REGIONS, RIGID
from realtime.spotting.baseline_activity import away_px, away_then_and_now_px, oscillation_amplitude
from realtime.spotting.channels import CHANNELS, FIRST, Channel
from realtime.spotting.context import context
from realtime.spotting.features import _DIRECTIONS, _MIDDLE, _MOVES, _moves
from realtime.spotting.movement_shape import _likeness, _products
from realtime.spotting.onset import _GROUPS, EXPRESSIVE, SCORES
from realtime.spotting.scores import peaks, score, spread
from realtime.spotting.timeline import GRID_HZ, Timeline, steps
from tests.realtime.spotting.pulses import region_index

N = len(REGIONS)


@pytest.fixture(scope="module")
def line():
    """A timeline of five seconds in which every channel wanders."""
    random, made = np.random.default_rng(3), Timeline(CHANNELS, keep_s=4.0)
    x = np.zeros(CHANNELS)
    for k in range(150):
        x = 0.9 * x + random.normal(0, 0.2, CHANNELS)
        made.resample(round(k / 30 * 1e9), x)
    return made


def displaced(line, first, last):
    return line.span(first, last)[:, :FIRST].reshape(-1, N, 2)


def rms(e):
    return np.sqrt((e[EXPRESSIVE] ** 2).sum(axis=1).mean())


def test_a_score_is_the_rms_of_the_strongest_regions_over_a_calm_skull():
    random = np.random.default_rng(0)
    span, noise = random.normal(0, 1, (17, CHANNELS)), random.uniform(0.2, 0.4, (2, N, 2))
    taus, tops, skull = np.array([6, 8]), np.array([4, 3, 3, 3, 3, 3]), np.flatnonzero(RIGID >= 0.6)
    kept, row = np.zeros((2, 5, N, 2), np.float32), np.zeros(SCORES + 1)
    pulses = score(span, (taus, noise, skull, 2.5, _GROUPS, tops, 5.0), kept, 3, row)

    e = span[:, :FIRST].reshape(-1, N, 2)
    expected = e[8] - 0.5 * (e[8 - taus] + e[8 + taus])
    assert pulses == pytest.approx(expected)
    assert kept[:, 3] == pytest.approx(expected.astype(np.float32))
    sigma = np.minimum(np.sqrt(((expected / noise) ** 2).sum(axis=2)).max(axis=0), 5.0)
    calm = np.sqrt((sigma[skull] ** 2).mean())
    assert row[-1] == pytest.approx(calm)
    groups = (EXPRESSIVE, *MEMBERS.values())
    for value, members, top in zip(row, groups, tops, strict=False):
        strongest = np.sort(sigma[members])[-top:]
        assert value == pytest.approx(np.sqrt((strongest**2).mean()) / max(1, calm / 2.5))


def test_noise_is_the_median_of_every_fourth_pulse():
    kept = np.random.default_rng(0).normal(0, 0.2, (2, 480, N, 2)).astype(np.float32)
    kept[:, :, 3] *= 0.01
    expected = np.maximum(1.4826 * np.median(np.abs(kept[:, :300:4]), axis=1), 0.05)
    assert spread(kept, 300, 0.05) == pytest.approx(expected, rel=1e-6)


def test_a_peak_is_high_and_the_highest_of_its_window():
    window = np.array([[1.0, 9.0, 4.0], [2.0, 5.0, 4.0], [1.0, 5.0, 3.0]])
    assert peaks(window, window[1], 3.0) == [2]


def test_liveliness_is_the_upper_quartile_of_the_upper_quartile(line):
    e = displaced(line, 100, 220)
    bump = e[8:-8] - 0.5 * (e[:-16] + e[16:])
    for stream, found in oscillation_amplitude(line, 220).items():
        size = np.sqrt((bump[:, MEMBERS[stream]] ** 2).sum(axis=2).mean(axis=1))
        assert found == pytest.approx(np.sqrt(np.quantile(size**2, 0.75)))


def test_a_face_is_away_from_the_median_of_where_it_was(line):
    past, now = displaced(line, 90, 240), displaced(line, 260, 260)[0]
    usual = np.median(past, axis=0)
    expected = rms(past[-1] - usual), rms(now - usual), rms(now - past[-1])
    assert away_then_and_now_px(line, 240, 260) == pytest.approx(expected)
    assert away_px(line, 270) == pytest.approx(
        rms(displaced(line, 270, 270)[0] - np.median(displaced(line, 90, 270), axis=0))
    )


def test_the_context_compares_a_moment_with_the_seconds_before(line):
    at = 270
    scores = np.random.default_rng(1).uniform(0, 5, (240, SCORES))
    around = context(line, at, scores, 60)
    near = line.span(at - 12, at + 12)[:, FIRST:]
    past = line.span(at - 120, at - 15)[:, FIRST:]
    assert around.rest == pytest.approx(np.median(past, axis=0))
    assert around.change(Channel.JAW) == pytest.approx(
        np.abs(near - around.rest).max(axis=0)[Channel.JAW]
    )
    assert around.range(Channel.BLINK) == pytest.approx(np.ptp(near[:, Channel.BLINK]))
    k = steps(0.1)
    step = (past[k:] - past[:-k]) * (GRID_HZ / k)
    place = np.hypot(step[:, Channel.HEAD_X], step[:, Channel.HEAD_Y]).max()
    turn = np.hypot(step[:, Channel.YAW], step[:, Channel.PITCH]).max()
    assert around.speed_usual.place == pytest.approx(place)
    assert around.speed_usual.turn == pytest.approx(turn)
    usual = scores[at - 180 - 60 : at - 24 - 60 + 1]
    assert around.usual_90[1] == pytest.approx(np.quantile(usual[:, -1], 0.9))
    assert around.usual_most == pytest.approx(usual.max(axis=0))


def test_up_and_out_mean_the_same_on_both_sides_of_the_face():
    moved = np.zeros((N, 2))
    moved[region_index("inner brow right")] = -0.02, -0.01  # outward and up on the person's right
    moved[region_index("inner brow left")] = 0.03, -0.03
    moved[region_index("chin")] = 0.0, 0.05
    moves = _moves(moved)
    assert len(moves) == len(_DIRECTIONS)
    names = [name for name, _, _ in _MOVES]
    up, out = names.index("inner brow up"), names.index("inner brow out")
    assert moves[up] == pytest.approx(0.02)
    assert moves[len(names) + up] == pytest.approx(0.02)
    assert moves[out] == pytest.approx(0.025)
    assert moves[len(names) + out] == pytest.approx(0.01)
    assert moves[2 * len(names) + _MIDDLE.index("chin")] == pytest.approx(-0.05)


def test_a_raised_cosine_is_like_a_pulse_and_a_ramp_is_not():
    t = np.arange(40) - 20.0
    phase = np.clip(np.where(t < 0, -t / 8, t / 12), 0, 1)
    assert _likeness(3 + 2 * np.cos(np.pi * phase), -20.0, 8.0, 12.0) == pytest.approx(1.0)
    assert abs(_likeness(t, -20.0, 8.0, 12.0)) < 0.5


def test_products_are_those_of_the_courses_in_sigmas(line):
    span, used, noise = line.span(200, 240), np.array([2, 5, 9]), np.full((N, 2), 0.3)
    parts = (displaced(line, 200, 240)[:, used] / noise[used]).reshape(len(span), -1)
    parts -= parts.mean(axis=0)
    assert _products(span, used, noise) == pytest.approx(parts.T @ parts)
