"""Moments about which a film is its own mirror image in time."""

import numpy as np
import pytest

from benchmarks.spotting.turning_points import mirror_likeness, turning_points
from model.spotting.series import FaceSeries, backwards
from tests.model.spotting.signals import quiet_series


def joined(first, second):
    t_s = np.concatenate([first.t_s, second.t_s[1:] - second.t_s[0] + first.t_s[-1]])
    return FaceSeries("anna", "film", t_s, np.concatenate([first.rows, second.rows[1:]]))


def test_a_film_turns_where_it_is_played_backwards_from():
    there = quiet_series(3.0)
    assert turning_points(joined(there, backwards(there))) == [pytest.approx(there.t_s[-1])]


def test_a_film_that_goes_on_does_not_turn():
    assert turning_points(joined(quiet_series(3.0), quiet_series(3.0, seed=1))) == []


def test_a_film_too_short_on_one_side_is_not_judged():
    assert not mirror_likeness(quiet_series(1.0)).any()
