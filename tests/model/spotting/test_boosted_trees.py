"""What is fitted is what the live path reads."""

import numpy as np
import pytest

from model.spotting.boosted_trees import boosted, decision, export
from model.spotting.operating_point import TARGET_RATES, OperatingTable
from realtime.spotting.channels import FIRST
from realtime.spotting.features import NAMES
from realtime.spotting.sensitivity import Probes
from realtime.spotting.verifier import STAGES, load_verifier

PROBES = Probes(np.ones((2, FIRST)), np.zeros((3, FIRST)), 0.2, 1.0)


@pytest.fixture(scope="module")
def fitted():
    random = np.random.default_rng(0)
    x = random.normal(size=(300, len(NAMES)))
    y = x[:, 3] + 0.3 * x[:, 8] > 0.5
    models = [boosted(seed).set_params(max_iter=5).fit(x, y) for seed in range(2)]
    least = np.linspace(0.9, 0.2, len(TARGET_RATES))
    return x, models, OperatingTable(least, least - 0.1, least, TARGET_RATES, TARGET_RATES)


@pytest.fixture(scope="module")
def read(fitted, tmp_path_factory):
    _, models, operating = fitted
    path = tmp_path_factory.mktemp("fitted") / "verifier.npz"
    platt = {s: (2.0, -0.5) for s in STAGES}
    export(path, {s: models for s in STAGES}, platt, operating, PROBES)
    return load_verifier(path)


def test_the_trees_decide_as_they_were_fitted(fitted, read):
    x, models, _ = fitted
    expected = 1 / (1 + np.exp(0.5 - 2.0 * decision(models, x[:50])))
    found = [read.early.probability(row) for row in x[:50]]
    assert np.allclose(found, expected, rtol=0, atol=1e-6)


def test_a_target_is_the_rate_that_was_counted(fitted, read):
    _, _, operating = fitted
    for target, early, late in zip(
        TARGET_RATES, operating.least_early, operating.least_late, strict=True
    ):
        assert read.early.threshold_for(target) == pytest.approx(early)
        assert read.late.threshold_for(target) == pytest.approx(late)


def test_the_movements_of_the_sensitivity_meter_go_with_it(read):
    assert np.array_equal(read.probes.upper, PROBES.upper)
    assert read.probes.lower.shape == (3, FIRST)
    assert (read.probes.offset, read.probes.slope) == (0.2, 1.0)
