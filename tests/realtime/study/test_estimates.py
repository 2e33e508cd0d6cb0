"""Estimates hold the truth as often as they say, on studies whose truth is known."""

import random
from dataclasses import replace

import pytest

from realtime.study.estimates import StratumCount, count_answers, estimate
from realtime.study.queue import drawn_queue
from realtime.study.study import open_study
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import label, write_labels, write_session

POPULATION = {"flagged": 40, "rejected": 120, "random": 1500}


def generated(chance, shares, drawn):
    """The true recall and precision, and the counts of a sample."""
    truth = {
        name: [chance.random() < share for _ in range(POPULATION[name])]
        for name, share in zip(POPULATION, shares, strict=True)
    }
    counts = {}
    for name, size in zip(POPULATION, drawn, strict=True):
        micro = sum(chance.sample(truth[name], size))
        counts[name] = StratumCount(POPULATION[name], size, size, micro)
    return sum(truth["flagged"]) / sum(map(sum, truth.values())), counts


@pytest.mark.parametrize(
    ("shares", "drawn"),
    [
        ((0.6, 0.08, 0.01), (40, 40, 120)),
        ((0.6, 0.08, 0.01), (13, 13, 14)),
        ((0.5, 0.05, 0.003), (13, 13, 14)),
        ((0.3, 0.15, 0.02), (40, 60, 200)),
    ],
)
def test_the_interval_of_the_recall_holds_the_truth_in_90_of_100_studies(shares, drawn):
    chance, held = random.Random(7), 0
    for _ in range(100):
        truth, counts = generated(chance, shares, drawn)
        recall = estimate(counts, 30.0).recall
        held += recall is not None and recall.low <= truth <= recall.high
        assert recall is None or recall.low <= recall.value <= recall.high
    assert held >= 90


def test_of_a_whole_count_nothing_is_uncertain():
    counts = {
        "flagged": StratumCount(10, 10, 10, 6),
        "rejected": StratumCount(20, 20, 20, 2),
        "random": StratumCount(100, 100, 100, 2),
    }
    found = estimate(counts, 5.0)
    assert (found.recall.low, found.recall.value, found.recall.high) == (0.6, 0.6, 0.6)
    assert found.precision.value == 0.6
    assert found.alarms_per_minute.value == pytest.approx(4 / 5)
    assert found.alarms_per_minute.low < 0.8 < found.alarms_per_minute.high


def test_an_answered_flag_stands_for_those_that_were_not_drawn():
    counts = dict.fromkeys(POPULATION, StratumCount())
    counts["flagged"] = StratumCount(40, 10, 10, 5)
    assert estimate(counts, 10.0).alarms_per_minute.value == pytest.approx(2.0)


@pytest.mark.parametrize("silent", ["flagged", "rejected", "random"])
def test_a_stratum_without_an_answer_leaves_the_recall_unknown(silent):
    counts = {name: StratumCount(size, 10, 10, 3) for name, size in POPULATION.items()}
    assert estimate(counts, 10.0).recall is not None
    counts[silent] = replace(counts[silent], answered=0, micro=0)
    assert estimate(counts, 10.0).recall is None


def test_answers_count_by_stratum_and_unsure_does_not(tmp_path):
    events = [event("0001", 2.0), event("0002", 4.0), event("0003", 6.0, kind="rejected")]
    write_session(tmp_path, *events)
    study = open_study(tmp_path)
    write_labels(tmp_path, "anna", label("0001", "surprise"), label("0002", "unsure"))
    assert count_answers(study, "anna")["flagged"] == StratumCount(2, 2, 1, 1)
    queue = drawn_queue(study, "anna", 8, 1, lambda of, event: True, lambda of: [(0.0, 99.0)])
    stretch = next(item for _, item in queue if item.stratum == "random")
    inside = (stretch.start_s + stretch.end_s) / 2
    for apex_s, micro in ((inside, 1), (inside + 2, 0)):  # a movement elsewhere is another's
        write_labels(tmp_path, "anna", label(stretch.item, "micro", apex_s=apex_s))
        assert count_answers(study, "anna")["random"].micro == micro
    assert count_answers(study, "anna")["rejected"] == StratumCount(1, 1, 0, 0)
