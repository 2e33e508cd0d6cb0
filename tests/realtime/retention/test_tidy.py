"""What is due by limits, shown and removed; what is never touched."""

import json
import os
import shutil

import pytest

from realtime.cli.retention import tidy
from realtime.consent.entry import Consent, OnWithdrawal
from realtime.recording.removal import mark_removed
from realtime.recording.session_lock import recording_lock
from realtime.retention.due import DueReason, plan
from realtime.retention.retention_limits import RetentionLimits
from realtime.retention.tidy import tidy_at_start
from tests.realtime.study.made_study import write_session

DAY_S = 86_400
NOW_S = 1_800_000_000.0  # in 2027


def session(output, number, *, age_days=0.0, size=1000, consent=None):
    folder = write_session(output / f"20260101-00000{number}-000{number}", participant="P07")
    record = json.loads((folder / "session.json").read_text())
    record["clock"]["wall_s"] = record["ended"]["wall_s"] = NOW_S - age_days * DAY_S
    if consent:
        entry = Consent(
            who="P07",
            given="2026-01-01",
            what_for="a study",
            until=consent,
            on_withdrawal=OnWithdrawal.KEEP,
        )
        record["consent"] = entry.model_dump(mode="json")
    (folder / "session.json").write_text(json.dumps(record))
    (folder / "clips" / "0001.mp4").write_bytes(b"x" * size)
    return folder


def due(output, **limits):
    found = plan(output, RetentionLimits(**limits), NOW_S).due
    return [(one.folder.name[-1], one.reason) for one in found]


def test_age_size_and_the_end_of_consent_make_a_session_due(tmp_path):
    session(tmp_path, 1, age_days=40)
    session(tmp_path / "film.mp4", 2, age_days=10, size=3_000_000)
    session(tmp_path / "film.mp4", 3, age_days=5, size=3_000_000)
    session(tmp_path, 4, age_days=1, consent="2026-12-31")
    ended = ("4", DueReason.CONSENT)
    assert due(tmp_path) == [ended]
    assert due(tmp_path, keep_days=30) == [("1", DueReason.OLD), ended]
    assert due(tmp_path, max_gb=0.004) == [ended, ("1", DueReason.SIZE), ("2", DueReason.SIZE)]
    assert due(tmp_path, max_gb=1) == [ended]


def test_what_is_not_ours_or_in_use_is_never_due(tmp_path):
    held = session(tmp_path, 1, age_days=40)
    noted = session(tmp_path, 2, age_days=40)
    (noted / "notes.txt").write_text("ask again")
    other = tmp_path / "20260101-000003-0003"
    other.mkdir()
    (other / "session.json").write_text('{"program": "another"}')
    (tmp_path / "20260101-000004-0004").symlink_to(shutil.copytree(held, tmp_path / "mine"))
    with recording_lock(held):
        found = plan(tmp_path, RetentionLimits(keep_days=30), NOW_S)
    assert found.due == ()
    assert found.left == (
        f"{held.name} is being recorded",
        f"{noted.name} holds notes.txt, which is not ours: it stays",
    )


def test_nothing_goes_before_it_was_shown_and_applied(tmp_path, capsys):
    old, young = session(tmp_path, 1, age_days=40_000), session(tmp_path, 2)
    assert tidy.run([str(tmp_path), "--keep-days", "36500"]) == 0
    shown = capsys.readouterr().out
    assert f"{old.name}  0.0 MB  due: it is older than keep_days" in shown
    assert "nothing was removed; --apply" in shown
    assert tidy_at_start(tmp_path) == []
    assert sorted(tmp_path.iterdir()) == [old, young]
    assert tidy.run([str(tmp_path), "--keep-days", "36500", "--apply"]) == 0
    assert "1 session removed" in capsys.readouterr().out
    assert not old.exists()
    assert young.exists()
    assert (tmp_path / "retention.json").stat().st_mode & 0o077 == 0


def test_at_every_start_the_limits_hold_and_the_log_names_nobody(tmp_path, capsys):
    tidy.run([str(tmp_path), "--keep-days", "30", "--apply"])
    old = session(tmp_path, 1, age_days=40)
    assert tidy_at_start(tmp_path, NOW_S) == []
    assert f"{old.name}" in capsys.readouterr().err
    assert not old.exists()
    (line,) = map(json.loads, (tmp_path / "retention.jsonl").read_text().splitlines())
    assert (line["sessions"], line["old"], line["size"]) == (1, 1, 0)
    assert set(line) == {"schema", "at", "sessions", "bytes", *(r.name.lower() for r in DueReason)}
    assert old.name not in (tmp_path / "retention.jsonl").read_text()


def test_a_removal_that_was_interrupted_goes_on(tmp_path):
    begun = session(tmp_path, 1)
    mark_removed(begun)
    (begun / "session.json").unlink()
    assert due(tmp_path) == [("1", DueReason.BEGUN)]
    tidy.run([str(tmp_path), "--apply"])
    assert not begun.exists()


def test_limits_that_cannot_be_read_keep_no_run_from_beginning(tmp_path):
    (tmp_path / "retention.json").write_text("{")
    old = session(tmp_path, 1, age_days=40)
    (line,) = tidy_at_start(tmp_path, NOW_S)
    assert "set them anew with fleeting tidy --apply" in line
    assert old.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_named(tmp_path, capsys):
    tmp_path.chmod(0)
    assert tidy.run([str(tmp_path), "--keep-days", "3"]) == 7
    tmp_path.chmod(0o700)
