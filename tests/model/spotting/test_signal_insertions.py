"""Movements in the signal: where, when and how large they are."""

import numpy as np
import pytest

from model.spotting.labelled_candidates import labelled_in_series
from model.spotting.movement_patterns import (
    MEASURED,
    PatternBank,
    load_bank,
    make_bank,
    of_probes,
    save_bank,
)
from model.spotting.signal_insertions import (
    FIRST_S,
    LAST_S,
    LONGEST_S,
    add_movements,
    draw_pattern,
    movement_course,
    upper_share,
)
from realtime.errors import DataError
from realtime.spotting.channels import FIRST
from realtime.spotting.sensitivity import Probes
from tests.model.spotting.signals import bank, brow_pattern, quiet_series


@pytest.fixture(scope="module")
def drawn(portraits):
    return make_bank(1, portraits, 3)


def test_a_bank_has_all_models_and_measured_smiles(drawn):
    assert set(drawn.patterns) == {"pulls", "rig", "elastic", MEASURED}
    for patterns in drawn.patterns.values():
        size = np.hypot(patterns[..., 0], patterns[..., 1]).max(axis=1)
        assert ((size > 0.1) & (size < 1.3)).all()  # a patch moves less than its largest point


def test_a_measured_smile_draws_the_corners_up_and_out(drawn):
    from realtime.motion.regions import REGIONS

    names = [region.name for region in REGIONS]
    smile = drawn.patterns[MEASURED][0]
    right, left = (smile[names.index(f"mouth corner {side}")] for side in ("right", "left"))
    assert min(right[1], left[1]) < -0.1
    assert left[0] - right[0] > 0.1


def test_a_bank_is_read_as_it_was_kept(drawn, tmp_path):
    save_bank(tmp_path / "bank.npz", drawn)
    back = load_bank(tmp_path / "bank.npz")
    assert all(np.array_equal(drawn.patterns[k], back.patterns[k]) for k in drawn.patterns)
    (tmp_path / "no.npz").write_bytes(b"no")
    with pytest.raises(DataError):
        load_bank(tmp_path / "no.npz")


def test_the_patterns_of_a_verifier_serve_as_a_bank():
    flat = brow_pattern().reshape(1, -1).astype(float)
    again = of_probes(Probes(flat, flat, 0.0, 1.0))
    assert np.array_equal(again.patterns["upper"][0], brow_pattern())


def test_a_movement_is_at_its_peak_at_its_apex_and_nothing_outside():
    t_s = np.linspace(0, 2, 201)
    course = movement_course(t_s, 1.0, 0.2, 0.3)
    assert course[100] == 1.0
    assert not course[(t_s < 0.8) | (t_s > 1.3)].any()


def test_movements_keep_their_places_and_sizes():
    series = quiet_series(30.0)
    moved, added = add_movements(
        np.random.default_rng(0), series, bank(), peak_iod=(0.02, 0.03), per_min=(60, 61)
    )
    assert added
    change = np.abs(moved.rows[:, :FIRST] - series.rows[:, :FIRST]).max(axis=1)
    assert not change[series.t_s < FIRST_S - 0.7].any()
    for movement in added:
        assert movement.apex_s <= series.t_s[-1] - LAST_S
        assert movement.offset_s - movement.onset_s <= LONGEST_S + 0.07
        assert 0.02 <= movement.peak_iod <= 0.03
        assert movement.upper > 0.95
        at = int(np.argmin(np.abs(series.t_s - movement.apex_s)))
        assert change[at] > 0.3


def test_a_drawn_pattern_keeps_its_half_of_the_face():
    for seed in range(5):
        model, pattern = draw_pattern(np.random.default_rng(seed), bank())
        assert model == "drawn"
        assert upper_share(pattern) > 0.95


def test_a_large_movement_of_a_quiet_face_has_its_candidates():
    series = quiet_series(20.0)
    moved, added = add_movements(
        np.random.default_rng(3), series, bank(), peak_iod=(0.03, 0.031), per_min=(20, 21)
    )
    rows = labelled_in_series(moved, added)
    found = {row.event for row in rows if row.stage == "early"}
    assert found >= set(range(len(added)))
    assert labelled_in_series(series, ()) is not None


def test_a_bank_of_one_model_draws_it():
    only = PatternBank({MEASURED: brow_pattern()[None]})
    assert only.draw(np.random.default_rng(0))[0] == MEASURED
