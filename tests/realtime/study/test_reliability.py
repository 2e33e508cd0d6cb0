"""Kappa and alpha against worked examples that are published with their results."""

import math

import krippendorff
import numpy as np
import pytest

from realtime.study.reliability import alpha, kappa


def counted(*raters):
    """(units, categories) and once each, of answers by rater; None is no answer."""
    names = sorted({value for rater in raters for value in rater if value is not None})
    patterns = [[unit.count(name) for name in names] for unit in zip(*raters, strict=True)]
    return np.array(patterns), np.ones(len(patterns), np.int64)


def test_kappa_and_its_interval_are_those_of_the_textbook():
    # Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, table 18.1:
    # 100 patients, psychotic, neurotic, organic; kappa 0.68, standard error 0.087
    found = kappa(np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]]))
    assert found.value == pytest.approx(0.676, abs=5e-4)
    assert found.low == pytest.approx(0.676 - 1.96 * 0.088, abs=2e-3)
    assert found.high == pytest.approx(0.676 + 1.96 * 0.088, abs=2e-3)


def test_kappa_of_two_radiologists_is_the_published_one():
    # Boyd, Wolfson, Moskowitz et al. (1982), 85 mammograms in four categories; kappa 0.4728 in
    # the manual of Stata, command kap
    table = [[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]]
    assert kappa(np.array(table)).value == pytest.approx(0.4728, abs=5e-5)


KRIPPENDORFF = (
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
)


@pytest.mark.parametrize(
    ("raters", "value"),
    [
        # Krippendorff (2011), Computing Krippendorff's Alpha-Reliability: A, two raters, binary;
        # B, two raters, five values; C, four raters who left some units out
        (([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]), 0.095),
        (("aabbdcccedda", "babbbccceddd"), 0.692),
        (KRIPPENDORFF, 0.743),
    ],
)
def test_alpha_is_that_of_krippendorff_s_own_examples(raters, value):
    found = alpha(*counted(*raters))
    assert found.value == pytest.approx(value, abs=5e-4)
    patterns, _ = counted(*raters)
    same = krippendorff.alpha(value_counts=patterns, level_of_measurement="nominal")
    assert found.value == pytest.approx(same, abs=1e-9)
    assert found.low <= found.value <= found.high


def test_a_unit_that_one_rater_left_out_counts_for_nothing():
    patterns, once = counted([0, 1, 0, 1, None], [0, 1, 1, 1, 0])
    assert alpha(patterns, once) == alpha(patterns[:-1], once[:-1])


def test_units_of_one_pattern_are_counted_together():
    patterns, once = counted([0, 0, 0, 1, 1], [0, 0, 0, 1, 0])
    merged, number = np.unique(patterns, axis=0, return_counts=True)
    assert alpha(merged, number).value == pytest.approx(alpha(patterns, once).value)


def test_where_all_is_of_one_category_nothing_is_defined():
    assert math.isnan(kappa(np.array([[7, 0], [0, 0]])).value)
    assert math.isnan(kappa(np.zeros((2, 2), np.int64)).value)
    for table in ([[2, 0], [2, 0]], [[1, 0], [0, 1]]):
        found = alpha(np.array(table), np.array([3, 4]))
        assert math.isnan(found.value)


@pytest.mark.parametrize("table", [[[7, 0], [0, 9]], [[0, 1], [0, 0]]])
def test_units_that_do_not_vary_give_no_interval(table):
    """The formulas would give one without width, as if nothing were uncertain."""
    patterns = np.array([[2, 0], [1, 1], [1, 1], [0, 2]])
    for found in (kappa(np.array(table)), alpha(patterns, np.ravel(table))):
        assert found.value == (1.0 if table[0][0] else 0.0)
        assert math.isnan(found.low)
        assert math.isnan(found.high)


def test_the_interval_holds_the_agreement_of_the_population_in_at_least_ninety_of_a_hundred():
    random = np.random.default_rng(1)
    truth = random.random(400_000) < 0.3
    first, second = (truth ^ (random.random(len(truth)) < 0.15) for _ in range(2))
    held = {kappa: 0, alpha: 0}
    whole = np.histogram2d(first, second, bins=2)[0].astype(np.int64)
    population = kappa(whole).value
    for drawn in random.integers(0, len(truth), (100, 80)):
        table = np.histogram2d(first[drawn], second[drawn], bins=2)[0].astype(np.int64)
        patterns = np.array([[2, 0], [1, 1], [1, 1], [0, 2]])
        for found, estimate in ((kappa(table), kappa), (alpha(patterns, table.ravel()), alpha)):
            held[estimate] += found.low <= population <= found.high
    assert min(held.values()) >= 90
