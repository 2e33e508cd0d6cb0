import numpy as np
import pytest
from sklearn import metrics

from model.evaluation.metrics.recognition import (
    accuracy,
    confusion,
    score_predictions,
    uar,
    uf1,
    weighted_f1,
)
from realtime.errors import DataError

# Published confusion matrices of one 442-clip run (rows truth), and the figures they give.
PUBLISHED = {
    "full": ([[219, 22, 9], [40, 62, 7], [21, 3, 59]], 0.7353, 0.7186),
    "smic": ([[54, 10, 6], [17, 30, 4], [14, 1, 28]], 0.6801, 0.6703),
    "casme2": ([[83, 5, 0], [12, 19, 1], [2, 0, 23]], 0.8382, 0.8190),
    "samm": ([[82, 7, 3], [11, 13, 2], [5, 2, 8]], 0.6588, 0.6415),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_figures_of_a_published_run(name):
    rows, f1, recall = PUBLISHED[name]
    counts = np.array(rows)
    assert uf1(counts) == pytest.approx(f1, abs=5e-5)
    assert uar(counts) == pytest.approx(recall, abs=5e-5)


def test_the_whole_is_its_parts_put_together():
    parts = sum(np.array(PUBLISHED[name][0]) for name in ("smic", "casme2", "samm"))
    assert (parts == np.array(PUBLISHED["full"][0])).all()
    assert accuracy(parts) == pytest.approx(0.7692, abs=5e-5)


def test_always_the_commonest_class():
    truth = [0] * 250 + [1] * 109 + [2] * 83
    scores = score_predictions(truth, [0] * 442, ["a", "b"] * 221)
    assert scores.accuracy == pytest.approx(0.5656, abs=5e-5)
    assert scores.uf1 == pytest.approx(0.2408, abs=5e-5)
    assert scores.uar == pytest.approx(1 / 3)
    assert (scores.accuracy, scores.uf1) == (scores.majority_accuracy, scores.majority_uf1)
    assert (scores.pairs, scores.subjects) == (442, 2)
    assert "2 subjects" in scores.line()


def test_an_absent_class_scores_nothing_and_is_still_counted():
    counts = confusion([0, 0, 1], [0, 0, 1])
    assert uf1(counts) == pytest.approx(2 / 3)
    assert uar(counts) == pytest.approx(2 / 3)
    assert weighted_f1(counts) == pytest.approx(1.0)


def test_no_predictions_score_nothing():
    counts = confusion([], [])
    assert [metric(counts) for metric in (accuracy, uf1, uar, weighted_f1)] == [0.0] * 4


def test_any_number_of_classes():
    counts = confusion([0, 4, 4], [0, 4, 1], classes=5)
    assert counts.shape == (5, 5)
    assert counts[4, 1] == 1


def test_nothing_to_score_is_an_error():
    with pytest.raises(DataError):
        score_predictions([], [], [])


@pytest.mark.parametrize("seed", range(8))
def test_figures_are_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 1 + seed % 3, 40), rng.integers(0, 3, 40)
    counts = confusion(truth, predicted)
    how = {"labels": range(3), "zero_division": 0}
    assert (counts == metrics.confusion_matrix(truth, predicted, labels=range(3))).all()
    assert accuracy(counts) == pytest.approx(metrics.accuracy_score(truth, predicted))
    for own, average in ((uf1, "macro"), (weighted_f1, "weighted")):
        expected = metrics.f1_score(truth, predicted, average=average, **how)
        assert own(counts) == pytest.approx(expected)
    assert uar(counts) == pytest.approx(
        metrics.recall_score(truth, predicted, average="macro", **how)
    )
