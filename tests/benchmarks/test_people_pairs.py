"""Tables of pairs of people, from answers that are known."""

import numpy as np
import pytest

from benchmarks.network.labelled_people import PeoplePairs
from benchmarks.network.people_pairs import PairAnswers, by_kind, by_unit, calibration, sides
from model.synthetic.recipe import NON_EVENT
from realtime.event import ACTION_UNITS

FOUR, TWELVE = ACTION_UNITS.index("4"), ACTION_UNITS.index("12")


@pytest.fixture
def people():
    """Two people, each with unit 4 on both sides, 12 on the left, and a pair without an event."""
    units = np.zeros((6, len(ACTION_UNITS)), bool)
    units[[0, 3], FOUR] = units[[1, 4], TWELVE] = True
    return PeoplePairs(
        pairs=np.zeros((6, 2, 1, 1), np.uint8),
        label=np.array([0, 1, NON_EVENT] * 2),
        subject=np.array(["a"] * 3 + ["b"] * 3),
        kind=np.array(["quiet"] * 3 + ["talk"] * 3),
        peak_iod=np.array([0.02, 0.02, 0.0] * 2),
        units=units,
        side=np.array(["B", "L", ""] * 2),
    )


@pytest.fixture
def perfect():
    named = np.zeros((6, len(ACTION_UNITS), 2), bool)
    named[[0, 3], FOUR] = True
    named[[1, 4], TWELVE, 1] = True
    micro = np.array([0.9, 0.9, 0.1] * 2)
    shares = np.eye(3)[[0, 1, 2] * 2]
    return PairAnswers("network", shares, micro, micro > 0.5, named * 0.9, named)


def row(text, first):
    (found,) = (line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_a_perfect_answer_scores_one(people, perfect):
    figures = row(by_kind(people, [perfect]), "all")
    assert figures[2:4] == ["4", "2"]
    # negative and positive are found, surprise does not occur
    assert float(figures[5].split()[0]) == 1.0
    assert [float(figure.split()[0]) for figure in figures[6:]] == [1.0, 0.0]


def test_units_and_sides_that_are_right(people, perfect):
    text = by_unit(people, perfect)
    assert row(text, "4") == ["4", "2", "2", "1.00"]
    assert row(text, "mean")[3].startswith("1.000")
    assert row(sides(people, perfect), "correct")[1:3] == ["4", "1.00"]


def test_a_wrong_side_counts_as_wrong(people, perfect):
    perfect.named[1, TWELVE] = [True, False]
    assert row(sides(people, perfect), "correct")[1:3] == ["4", "0.75"]


def test_a_unit_that_is_not_there_lowers_its_score(people, perfect):
    perfect.named[0, TWELVE] = True
    assert row(by_unit(people, perfect), "12") == ["12", "2", "3", "0.80"]


def test_the_calibration_error_is_the_distance_from_the_truth(people, perfect):
    assert "0.100" in calibration(people, perfect)
