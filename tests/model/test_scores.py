import numpy as np
import pytest

from model.scores import auroc, confusion, uar, uf1


def test_scores_of_a_known_confusion():
    counts = confusion([0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1, 2, 0])
    assert counts.tolist() == [[3, 1, 0], [0, 2, 0], [1, 0, 1]]
    # F1: 6/8, 4/5, 2/3; recall: 3/4, 1, 1/2
    assert uf1(counts) == pytest.approx((0.75 + 0.8 + 2 / 3) / 3)
    assert uar(counts) == pytest.approx(0.75)


def test_one_answer_for_all_is_chance_in_uar():
    assert uar(confusion([0, 1, 2] * 5, [0] * 15)) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        ([3.0, 4.0], [1.0, 2.0], 1.0),
        ([1.0, 2.0], [3.0, 4.0], 0.0),
        ([1.0], [1.0], 0.5),
        ([1.0, 3.0], [2.0, 2.0], 0.5),
        ([2.0, 3.0], [1.0, 2.0], 0.875),
    ],
)
def test_area_under_the_roc_curve(positive, negative, expected):
    assert auroc(np.array(positive), np.array(negative)) == expected


def test_no_events_no_area():
    assert auroc(np.array([]), np.array([1.0])) is None
