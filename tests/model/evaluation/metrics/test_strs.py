import math

import pytest

from model.evaluation.metrics.spotting_counts import MatchCounts
from model.evaluation.metrics.strs import Named, score


def named(subject, video, onset, offset, emotion):
    return Named(subject, video, onset, offset, emotion)


EMOTIONS = ("happiness", "others", "repression")
# Five predictions, three of them on a truth, one of these correctly classified.
TRUTH = [
    named("p1", "a", 10, 30, "happiness"),
    named("p1", "a", 100, 120, "others"),
    named("p1", "b", 10, 30, "repression"),
    named("p2", "c", 10, 30, "happiness"),
    named("p2", "c", 200, 220, "others"),
]
PREDICTED = [
    named("p1", "a", 11, 30, "happiness"),
    named("p1", "a", 100, 121, "repression"),
    named("p1", "b", 10, 28, "others"),
    named("p2", "c", 60, 80, "happiness"),
    named("p2", "c", 300, 320, "others"),
]


@pytest.mark.parametrize("mode", ["reference", "compat"])
def test_a_worked_example(mode):
    found = score(TRUTH, PREDICTED, EMOTIONS, mode)
    assert found.spotting == MatchCounts(3, 5, 5)
    assert found.spotting.f1 == pytest.approx(0.6)
    assert found.precision == found.recall == pytest.approx(1 / 3)
    assert found.strs == pytest.approx(0.2)


def test_emotions_that_are_not_evaluated_count_in_spotting_only():
    found = score(TRUTH, PREDICTED, ("happiness",))
    assert found.spotting.hits == 3
    assert found.analysed == 1
    assert found.f1_analysis == 1.0


def test_compat_leaves_out_subjects_and_videos_that_the_script_does_not_visit():
    truth = [*TRUTH, named("p3", "d", 1, 20, "others")]
    predicted = [*PREDICTED, named("p1", "z", 1, 20, "others")]
    assert score(truth, predicted, EMOTIONS).spotting == MatchCounts(3, 6, 6)
    assert score(truth, predicted, EMOTIONS, "compat").spotting == MatchCounts(3, 5, 5)


def test_compat_lets_one_prediction_take_two_truths():
    truth = [named("p", "a", 1, 10, "others"), named("p", "a", 1, 11, "others")]
    predicted = [named("p", "a", 1, 10, "others")]
    assert score(truth, predicted, EMOTIONS).spotting.hits == 1
    assert score(truth, predicted, EMOTIONS, "compat").spotting.hits == 2


def test_a_perfect_result_of_one_class_is_nan_in_the_script_and_not_here():
    truth = [named("p", "a", 1, 10, "others")]
    assert math.isnan(score(truth, truth, EMOTIONS, "compat").strs)
    assert score(truth, truth, ("others",)).strs == 1.0


def test_nothing_spotted_scores_nothing():
    assert score(TRUTH, [], EMOTIONS).strs == 0.0
