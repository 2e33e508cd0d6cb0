"""A folder of videos, analysed by the program itself."""

import csv
import signal
import subprocess
import sys

import pytest

from realtime.batch import TABLE, videos, whole_session
from realtime.cli.sessions import batch
from realtime.errors import DataError
from tests.paths import ROOT
from tests.realtime.review.made_session import write_record

pytestmark = [pytest.mark.usefixtures("landmark_model")]
HANG_S = 120


@pytest.fixture
def folder(film, tmp_path):
    """A video, one below, one that is none, and what is not looked at."""
    place = tmp_path / "films"
    (place / "day 2").mkdir(parents=True)
    (place / "a.mp4").symlink_to(film)
    (place / "day 2" / "a.mp4").symlink_to(film)
    (place / "broken.MOV").write_bytes(b"no film")
    (place / "notes.txt").write_text("a.mp4 is Anna")
    return place


def rows_of(output):
    with (output / TABLE).open(newline="") as file:
        return {row["video"]: row for row in csv.DictReader(file)}


@pytest.mark.slow
def test_every_video_is_a_session_and_a_row(folder, engine, tmp_path, capsys):
    output = tmp_path / "out"
    flags = [str(folder), "--output", str(output), "--", "--engine", str(engine)]
    assert batch.run(flags) == 1  # one could not be analysed
    rows = rows_of(output)
    assert list(rows) == ["a.mp4", "broken.MOV", "day 2/a.mp4"]
    first, broken, below = rows.values()
    assert float(first["minutes"]) == pytest.approx(299 / 30 / 60, abs=1e-3)
    assert 0 < float(first["judged_minutes"]) < float(first["minutes"])
    assert int(first["flagged"]) >= 2
    assert first["flagged"] == below["flagged"]
    assert "not a video file" in broken["trouble"]
    assert (output / first["session"] / "events.jsonl").is_file()
    # what has been analysed is left as it is
    (folder / "broken.MOV").unlink()
    assert batch.run(flags) == 0
    assert rows_of(output)["a.mp4"]["session"] == first["session"]
    assert "3 videos" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.fault
def test_stopped_in_the_middle_it_goes_on(folder, engine, tmp_path):
    output = tmp_path / "out"
    (folder / "broken.MOV").unlink()
    command = [
        sys.executable,
        "-m",
        "realtime.cli.programs",
        "batch",
        str(folder),
        "--output",
        str(output),
    ]
    command += ["--", "--engine", str(engine)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # a shell starts what runs in the background deaf to Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while whole_session(output / "a.mp4") is None:
        with pytest.raises(subprocess.TimeoutExpired):  # it still has the other one to do
            process.wait(0.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=HANG_S)
    assert process.returncode == 130
    assert "1 of 2 to do" in said
    assert not list(output.rglob("*.part*"))
    done = whole_session(output / "a.mp4")
    assert subprocess.run(command, cwd=ROOT, timeout=HANG_S).returncode == 0
    assert whole_session(output / "a.mp4") == done
    assert whole_session(output / "day 2 - a.mp4") is not None


def test_a_folder_without_a_video_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no video \(\.3gp"):
        videos(tmp_path)


def test_a_session_that_was_cut_short_is_not_whole(tmp_path):
    for number, reason in enumerate(("the source ended", None, "failed")):
        write_record(tmp_path / f"2026010{number}-000000-000{number}", reason=reason)
    spoilt = tmp_path / "20260104-000000-0004"
    spoilt.mkdir()
    (spoilt / "session.json").write_text("{}")
    assert whole_session(tmp_path).name == "20260100-000000-0000"
    write_record(tmp_path / "20260100-000000-0000", reason="stopped by the user")
    assert whole_session(tmp_path) is None
