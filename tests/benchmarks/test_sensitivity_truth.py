"""Movements against the size that was shown: shares by ratio, of people and of simulated ones."""

import json
import shutil

import pytest

from benchmarks.spotting import sensitivity
from benchmarks.spotting.sensitivity import AddedMovement, compare, found_interval, report
from model.spotting.movement_patterns import of_probes, save_bank
from model.spotting.series import save_series
from realtime.spotting.verifier import SHIPPED, load_verifier
from tests.model.spotting.signals import quiet_series


def compared(person, ratio, *, found):
    return AddedMovement(person, True, 0.02, 0.02 * ratio, found)


def test_shares_are_told_by_the_ratio_and_by_who():
    movements = [compared("anna", 1.0, found=True), compared("ben", 1.0, found=False)]
    movements += [compared("portraits 1", 0.1, found=False)]
    text = report(movements)
    assert "| 0.8 to 1.25 | 2 | 0.50 (0.00–1.00) | 0 | – |" in text
    assert "| 0 to 0.25 | 0 | – | 1 | 0.00 |" in text
    assert "| people | upper | 2.0 | 2.0 | 2.0 |" in text


def test_an_interval_is_over_people():
    movements = [compared("anna", 1.0, found=True)] * 9 + [compared("ben", 1.0, found=False)]
    assert found_interval(movements) == "0.90 (0.00–1.00)"
    assert found_interval(movements[:9]) == "1.00"


def test_of_a_quiet_face_large_movements_are_found_and_minute_ones_not():
    verifier = load_verifier(SHIPPED)
    bank = of_probes(verifier.probes)
    each = [m for k in range(3) for m in compare(quiet_series(30.0, seed=k), verifier, bank, k)]
    large = [m.found for m in each if m.ratio > 2]
    minute = [m.found for m in each if m.ratio < 0.5]
    assert sum(large) / max(len(large), 1) > sum(minute) / max(len(minute), 1)


@pytest.mark.parametrize("left_out", [True, False])
def test_a_run_is_read_or_refused(left_out, tmp_path, capsys, monkeypatch):
    run_folder = tmp_path / "run"
    for name in ("series", "simulated", "left_out"):
        (run_folder / name).mkdir(parents=True)
    save_series(run_folder / "series" / "anna.npz", [quiet_series(12.0)])
    save_bank(run_folder / "patterns.npz", of_probes(load_verifier(SHIPPED).probes))
    if left_out:
        shutil.copy(SHIPPED, run_folder / "left_out" / "0.npz")
        persons = json.dumps({quiet_series(12.0).person: "0.npz"})
        (run_folder / "left_out" / "persons.json").write_text(persons)
    monkeypatch.setattr("sys.argv", ["sensitivity", str(run_folder), "--minutes", "0.5"])
    assert (sensitivity.main() == 0) == left_out
    printed = capsys.readouterr()
    assert "size shown" in printed.out if left_out else "persons.json" in printed.err
