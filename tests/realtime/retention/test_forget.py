"""Everything of a participant goes, is listed, and an interruption is made up for."""

import os
import subprocess
import sys

import numpy as np
import pytest

from realtime.cli.retention import forget
from realtime.recording.session_lock import recording_lock
from tests.paths import ROOT
from tests.realtime.study.made_study import label, write_labels, write_session

ROWS = "participant_id\tage\tnotes\r\nP07\t31\tcame late\r\nP08\t40\t\r\n"


@pytest.fixture
def study(tmp_path):
    """Two people of whom films were analysed by a batch, P07 twice."""
    root = tmp_path / "study"
    for name in ("P07.mp4/20260101-000001-0001", "P07.mp4/20260101-000002-0002"):
        write_labels(write_session(root / name), "anna", label("0001", "surprise"))
    write_session(root / "other.mp4/20260101-000003-0003", participant="P08")
    write_session(root / "20260101-000004-0004", participant="P07")
    (root / "P07.mp4/batch.json").write_text("{}")
    (root / "participants.tsv").write_bytes(ROWS.encode())
    (root / "archive.csv").write_text(
        'video,session,trouble\nP07.mp4,P07.mp4/20260101-000002-0002,"one, two"\n'
        'other.mp4,other.mp4/20260101-000003-0003,"a ""word"""\n'
    )
    return root


def cached_crops(runs, *clips):
    """As a training run keeps them."""
    names = {f"{k}.name": np.array(["a subject", clip]) for k, clip in enumerate(clips)}
    path = runs / "mine" / "aligned" / f"sessions-{len(clips)}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, count=len(clips), failed=np.empty((0, 2), str), **names)
    return path


def paths(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_file_label_row_and_crop_of_a_participant_goes(study, tmp_path, capsys):
    runs = tmp_path / "runs"
    theirs = cached_crops(runs, "20260101-000003-0003/0001", "20260101-000004-0004/0001")
    others = cached_crops(runs, "20260101-000003-0003/0001")
    before = paths(study)
    assert forget.run(["P07", "--output", str(study), "--runs", str(runs), "--yes"]) == 0
    shown = capsys.readouterr().out
    left = paths(study)
    assert {name.split("/")[0] for name in left} == {"archive.csv", "other.mp4", "participants.tsv"}
    for name in before - left:
        assert f"removed {study / name}\n" in shown
    assert not theirs.exists()
    assert others.exists()
    assert (study / "participants.tsv").read_bytes() == ROWS.encode().replace(
        b"P07\t31\tcame late\r\n", b""
    )
    assert (study / "archive.csv").read_text().splitlines() == [
        "video,session,trouble",
        'other.mp4,other.mp4/20260101-000003-0003,"a ""word"""',
    ]
    assert "not removed" in shown
    assert forget.run(["P07", "--output", str(study), "--yes"]) == 7
    assert "nothing of P07 is in" in capsys.readouterr().err


def test_one_session_goes_and_its_participant_stays(study):
    session = study / "20260101-000004-0004"
    assert forget.run([str(session), "--output", str(study), "--yes"]) == 0
    assert not session.exists()
    assert (study / "participants.tsv").read_bytes() == ROWS.encode()
    assert (study / "P07.mp4/20260101-000001-0001").exists()


@pytest.mark.parametrize("steps", [0, 1, 5, 11, 14])
def test_interrupted_anywhere_the_same_command_goes_on(study, steps):
    """The process is killed at its n-th removal."""
    kill = (
        "import os, sys\n"
        "from realtime.cli.retention import forget\n"
        f"left = [{steps}]\n"
        "def unlink(path, real=os.unlink):\n"
        "    left[0] -= 1\n"
        "    if left[0] < 0: os._exit(9)\n"
        "    real(path)\n"
        "os.unlink = unlink\n"
        f"sys.exit(forget.run(['P07', '--output', {str(study)!r}, '--yes']))\n"
    )
    assert subprocess.run([sys.executable, "-c", kill], cwd=ROOT, timeout=120).returncode == 9
    assert forget.run(["P07", "--output", str(study), "--yes"]) == 0
    assert {name.split("/")[0] for name in paths(study)} == {
        *("archive.csv", "other.mp4", "participants.tsv"),
    }
    assert "P07" not in (study / "participants.tsv").read_text()
    assert "P07" not in (study / "archive.csv").read_text()


def test_without_a_terminal_it_wants_a_yes(study, capsys):
    before = paths(study)
    assert forget.run(["P07", "--output", str(study)]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert paths(study) == before


def test_a_session_that_is_being_recorded_is_not_removed(study, capsys):
    with recording_lock(study / "20260101-000004-0004"):
        assert forget.run(["P07", "--output", str(study), "--yes"]) == 6
    assert "end the run first" in capsys.readouterr().err
    assert len(list(study.rglob("session.json"))) == 4


def test_a_link_in_a_session_goes_and_not_what_it_leads_to(study, tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"mine")
    (study / "20260101-000004-0004/clips/0009.mp4").symlink_to(film)
    os.symlink(tmp_path, study / "20260101-000004-0004/elsewhere")
    assert forget.run(["P07", "--output", str(study), "--yes"]) == 0
    assert film.read_bytes() == b"mine"
