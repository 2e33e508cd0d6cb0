"""What the soak says of a series, and what the load says of a run."""

import numpy as np
import pytest

from benchmarks._common.watched_run import Footprint
from benchmarks.load import Outcome
from benchmarks.soak import Series, points, report, series_of, slope

HOUR_S = np.linspace(0.0, 3600.0, 1801)


def series(values, quantile=None):
    return Series("RSS", "MB", HOUR_S, np.asarray(values, float), quantile)


def test_a_series_that_grows_has_a_slope_and_one_of_noise_has_none():
    noise = np.random.default_rng(0).normal(0, 5, HOUR_S.size)
    middle, low, high = slope(series(300 + HOUR_S / 60 + noise))
    assert middle == pytest.approx(60, rel=0.05)
    assert 0 < low < middle < high
    _, low, high = slope(series(300 + noise))
    assert low <= 0 <= high


def test_a_leak_of_a_thread_is_seen_under_clips_that_come_and_go():
    rest = np.where(HOUR_S < 1800, 10, 11)
    busy = rest + 3 * (np.arange(HOUR_S.size) % 5 > 1)
    assert points(series(busy, 0.0)) == [10, 10, 10, 11, 11]
    assert slope(series(busy, 0.0))[1] > 0


def test_a_stretch_without_an_event_is_left_empty():
    few = Series("flag", "s", HOUR_S[::400], np.ones(HOUR_S[::400].size), 0.99)
    text = report([few], 3600, 300, "")
    (row,) = [line for line in text.splitlines() if line.startswith("| flag, s")]
    assert "nan" not in text
    assert row.count("1.00") >= 4


def test_a_load_gives_what_was_judged_and_why_the_rest_was_not():
    counts = {
        "frames": {"read": 90, "analysed": 40, "missing": 0},
        "seconds": {"seen": 10.0, "judged": 4.0, "not_judged": {"light": 1.0, "size": 5.0}},
    }
    cells = Outcome(100, counts, (300.0, 310.0)).cells()
    assert cells == ["100", "90", "40", "40 %", "size", "0", "300", "310"]


@pytest.mark.parametrize(("flags", "rows"), [(0, 3), (5, 3), (200, 4)])
def test_too_few_flags_have_no_delay(flags, rows):
    looks = [Footprint(t, 300.0, 10, 26) for t in HOUR_S]
    at_s = np.linspace(1, 3599, flags)
    series = series_of(looks, [(float(t), 0.3) for t in at_s])
    assert len(series) == rows
    assert report(series, 3600, 300, "").count("| yes |") == rows
