"""Fewer frames a second: which frames are kept, and what is told of the films."""

import numpy as np

from benchmarks.spotting.frame_rates import Seen, report, thinned, watch
from model.spotting.signal_insertions import SignalMovement
from realtime.spotting.verifier import load_verifier
from tests.model.spotting.signals import brow_pattern, quiet_series


def test_a_slower_camera_takes_frames_at_their_own_times():
    series = quiet_series(seconds=8.0)
    slow = thinned(series, 15.0)
    assert len(slow.t_s) == 120
    assert set(slow.t_s) <= set(series.t_s)
    assert thinned(series, 60.0) is series


def test_movements_and_the_minutes_they_were_looked_for_in_are_counted():
    series = quiet_series(seconds=12.0)
    course = np.exp(-(((series.t_s - 7.0) / 0.08) ** 2))
    series.rows[:, :62] += course[:, None] * 0.04 * 72 * brow_pattern().ravel()
    movement = SignalMovement(6.85, 7.0, 7.15, 0.04, "drawn", 1.0)
    seen = watch(series, [movement], load_verifier(), 2.0)
    assert seen.false == 0
    assert 0.1 < seen.minutes < 0.2
    assert seen.shown_iod


def test_what_is_found_at_fewer_frames_is_compared_with_the_films_own_rate():
    own = Seen(frozenset({0, 1}), 0, 1.0, (0.01,))
    slow = Seen(frozenset({1, 2}), 3, 1.0, (0.02,))
    text = report({30.0: [own], 15.0: [slow]}, 4)
    assert "| 15 | 0.50 | 1 of 2 | 3.00 | 2.00 |" in text
