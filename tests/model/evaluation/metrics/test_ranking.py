import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.evaluation.metrics.ranking import auroc, expected_calibration_error, reliability


def test_auroc_is_the_share_of_pairs_in_order_and_ties_count_half():
    assert auroc(np.array([3.0, 2.0]), np.array([1.0, 0.0])) == 1.0
    assert auroc(np.array([0.0]), np.array([1.0])) == 0.0
    assert auroc(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == pytest.approx(1.5 / 4)
    assert auroc(np.array([]), np.array([1.0])) is None


@pytest.mark.parametrize("seed", range(4))
def test_auroc_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    events, others = rng.normal(0.5, 1, 30).round(1), rng.normal(0, 1, 50).round(1)
    expected = roc_auc_score(np.repeat([1, 0], [30, 50]), np.concatenate([events, others]))
    assert auroc(events, others) == pytest.approx(expected)


def test_honest_probabilities_have_no_calibration_error():
    rng = np.random.default_rng(0)
    said = rng.random(200_000)
    right = rng.random(200_000) < said
    assert expected_calibration_error(said, right) < 0.01
    assert expected_calibration_error(np.full(100, 0.9), np.zeros(100, bool)) == pytest.approx(0.9)


def test_bins_hold_what_was_said_in_them():
    bins = reliability(np.array([0.05, 0.95, 1.0]), np.array([False, True, False]))
    assert [b.count for b in bins] == [1, *[0] * 8, 2]
    assert bins[-1].confidence == pytest.approx(0.975)
    assert bins[-1].accuracy == 0.5
