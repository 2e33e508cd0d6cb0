import numpy as np
import pytest

from model.evaluation.metrics.intervals import interval


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    held = 0
    for trial in range(200):
        people = rng.normal(0, 1, 30)
        values = np.repeat(people, 5) + rng.normal(0, 0.1, 150)
        owner = np.repeat(np.arange(30), 5).astype(str)
        found = interval(lambda rows, v=values: float(v[rows].mean()), owner, 200, trial)
        held += found.low <= 0 <= found.high
    assert 0.85 < held / 200 <= 1.0


def test_pairs_of_one_person_do_not_narrow_it():
    rng = np.random.default_rng(4)
    people = rng.normal(0, 1, 12)
    widths = []
    for each in (1, 50):
        values, owner = np.repeat(people, each), np.repeat(np.arange(12), each).astype(str)
        found = interval(lambda rows, v=values: float(v[rows].mean()), owner)
        widths.append(found.high - found.low)
    assert widths[1] == pytest.approx(widths[0], rel=0.05)


def test_one_person_or_an_undefined_figure_has_no_interval():
    found = interval(lambda rows: 1.0, ["a", "a"])
    assert (found.value, found.low) == (1.0, None)
    assert str(found) == "1.000"
    assert str(interval(lambda rows: None, ["a", "b"])) == "–"
