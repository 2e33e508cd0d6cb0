import pytest

from model.evaluation.metrics.spotting_counts import (
    MatchCounts,
    Spotted,
    count,
)
from realtime.study.interval_matching import iou, match


@pytest.mark.parametrize(
    ("counts", "f1"),
    [
        # Published totals of a baseline on 98 and 147 videos, and the F1 printed with them.
        (MatchCounts(109, 300, 1523), 0.1196),
        (MatchCounts(21, 57, 5035), 0.0082),
        (MatchCounts(130, 357, 6558), 0.0376),
        (MatchCounts(22, 343, 356), 0.0629),
        (MatchCounts(29, 159, 1436), 0.0364),
        (MatchCounts(51, 502, 1792), 0.0445),
        (MatchCounts(6, 208, 223), 0.0278),
        (MatchCounts(3, 37, 118), 0.0387),
    ],
)
def test_published_totals(counts, f1):
    assert counts.f1 == pytest.approx(f1, abs=5e-5)


def test_overlap_counts_both_ends_of_frames_and_neither_of_seconds():
    assert iou((1, 10), (1, 10)) == 1.0
    assert iou((1, 10), (11, 20)) == 0.0
    assert iou((1, 10), (10, 19)) == pytest.approx(1 / 19)
    assert iou((1, 10), (1, 5)) == 0.5
    assert iou((5, 5), (5, 5)) == 1.0
    assert iou((0.0, 1.0), (0.5, 1.5), frames=False) == pytest.approx(1 / 3)
    assert iou((0.0, 1.0), (1.0, 2.0), frames=False) == 0.0


def test_half_is_enough_and_a_second_hit_is_a_false_alarm():
    assert match([(1, 10)], [(1, 5)]) == [(0, 0)]
    assert match([(1, 10)], [(1, 4)]) == []
    assert match([(1, 10)], [(1, 9), (1, 10)]) == [(0, 1)]


def test_as_many_hits_as_can_be():
    # The first prediction fits both truths, the second only the first truth.
    assert len(match([(1, 10), (4, 13)], [(3, 11), (1, 8)])) == 2


def test_kinds_are_counted_apart_and_together_over_all_videos():
    truth = [
        Spotted("a", "micro", (1, 10)),
        Spotted("a", "macro", (50, 100)),
        Spotted("b", "micro", (1, 10)),
    ]
    predicted = [
        Spotted("a", "macro", (1, 10)),
        Spotted("a", "macro", (52, 100)),
        Spotted("b", "micro", (2, 10)),
        Spotted("c", "micro", (2, 10)),
    ]
    totals = count(truth, predicted)
    assert totals["micro"] == MatchCounts(1, 2, 2)
    assert totals["macro"] == MatchCounts(1, 1, 2)
    assert totals["all"] == MatchCounts(2, 3, 4)
    assert totals["all"].precision == 0.5
    assert count([], [])["all"].f1 == 0.0
