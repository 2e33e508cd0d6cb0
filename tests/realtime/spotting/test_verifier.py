"""The verifier's file: what is read back is what was fitted, and damage is refused."""

import numpy as np
import pytest

from realtime.errors import VerifierError
from realtime.spotting.channels import FIRST
from realtime.spotting.features import NAMES
from realtime.spotting.sensitivity import HALVES
from realtime.spotting.verifier import SHIPPED, STAGES, TABLES, load_verifier, table_digests


def small(path, **changes):
    """One tree: feature 0 above 1.5 says yes."""
    arrays = {"names": np.array(NAMES), "tables": np.array(list(table_digests().items()))}
    arrays |= {f"probes_{half}": np.ones((2, FIRST), np.float32) for half in HALVES}
    arrays["probes_line"] = np.array([0.0, 1.0])
    for stage in STAGES:
        arrays |= {
            f"{stage}_roots": np.array([0], np.int32),
            f"{stage}_feature": np.array([0, -1, -1], np.int32),
            f"{stage}_threshold": np.array([1.5, 0.0, 0.0]),
            f"{stage}_left": np.array([1, 0, 0], np.int32),
            f"{stage}_right": np.array([2, 0, 0], np.int32),
            f"{stage}_value": np.array([0.0, -2.0, 2.0]),
            f"{stage}_platt": np.array([1.0, 0.0]),
            f"{stage}_alarms_per_min": np.array([0.1, 1.0]),
            f"{stage}_least": np.array([0.9, 0.5]),
        }
    arrays |= changes
    np.savez(path, allow_pickle=False, **arrays)
    return path


def features(first):
    return np.array([first] + [0.0] * (len(NAMES) - 1))


def test_a_tree_is_walked_and_calibrated(tmp_path):
    trees = load_verifier(small(tmp_path / "v.npz")).early
    assert trees.probability(features(1.5)) == pytest.approx(1 / (1 + np.exp(2)))
    assert trees.probability(features(1.6)) == pytest.approx(1 / (1 + np.exp(-2)))


def test_a_smaller_budget_asks_for_more(tmp_path):
    trees = load_verifier(small(tmp_path / "v.npz")).late
    assert trees.threshold_for(0.1) == 0.9
    assert trees.threshold_for(0.55) == pytest.approx(0.7)
    assert trees.threshold_for(50) == 0.5


@pytest.mark.parametrize(
    "damage",
    [
        {"early_left": np.array([0, 0, 0], np.int32)},  # a walk that never ends
        {"late_right": np.array([9, 0, 0], np.int32)},
        {"early_feature": np.array([len(NAMES), -1, -1], np.int32)},
        {"early_value": np.array([0.0])},
        {"late_roots": np.array([3], np.int32)},
        {"names": np.array(["something else"])},
        {"probes_upper": np.ones((2, 3), np.float32)},
        {"early_platt": np.array([{"a": 1}], dtype=object)},
    ],
    ids=lambda d: next(iter(d)),
)
def test_damage_is_refused(tmp_path, damage):
    path = tmp_path / "v.npz"
    try:
        small(path, **damage)
    except ValueError:  # numpy will not write an object either: put one there by force
        arrays = {"names": np.array(NAMES), "tables": np.array([["a", "b"]]), **damage}
        np.savez(path, allow_pickle=True, **arrays)
    with pytest.raises(VerifierError, match=r"verifier|train it again"):
        load_verifier(path)


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_verifier_of_other_tables_is_refused_by_name(tmp_path, table):
    tables = np.array(list((table_digests() | {table.name: "0" * 64}).items()))
    with pytest.raises(VerifierError, match=rf"v\.npz .* another {table.name}"):
        load_verifier(small(tmp_path / "v.npz", tables=tables))


def test_a_verifier_that_names_no_tables_is_refused(tmp_path):
    path = small(tmp_path / "v.npz")
    with np.load(path) as arrays:
        np.savez(path, **{name: arrays[name] for name in arrays if name != "tables"})
    with pytest.raises(VerifierError, match="train it again"):
        load_verifier(path)


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_a_cut_file_is_refused(tmp_path, keep):
    path = tmp_path / "v.npz"
    path.write_bytes(SHIPPED.read_bytes()[:keep])
    with pytest.raises(VerifierError, match="cannot be read"):
        load_verifier(path)


def test_the_shipped_one_loads_and_prefers_less_alarms_at_higher_probabilities():
    verifier = load_verifier()
    for stage in STAGES:
        trees = verifier.trees(stage)
        assert (np.diff(trees.alarms_per_min) > 0).all()
        assert (np.diff(trees.least) <= 0).all()
        assert 0 <= trees.probability(np.zeros(len(NAMES))) <= 1
