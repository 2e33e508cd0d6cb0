"""A folder of videos, analysed by the program itself."""

import csv
import os
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest

from realtime.batch.videos import films_of, videos
from realtime.cli.sessions import batch
from realtime.errors import DataError, NothingJudged
from realtime.recording.clip_writer import ClipWriter
from realtime.study.study import ARCHIVE, newest_session, open_study
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
    with (output / ARCHIVE).open(newline="") as file:
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


@pytest.fixture
def dark(film, tmp_path):
    """A folder with a film in which nothing can be judged, and what is never analysed."""
    place = tmp_path / "dark"
    (place / "a").mkdir(parents=True)
    black = np.zeros((96, 128, 3), np.uint8)
    for name in ("a/b.mp4", "a - b.mp4", "=1+1.mp4"):
        with ClipWriter(place / name, 128, 96) as writer:
            for number in range(20):
                writer.write(black, number * 33_000_000)
    (place / "0001.part.mp4").write_bytes(b"no film")
    (place / "._a.mp4").write_bytes(b"no film")
    session = place / "20260101-000000-0001"
    write_record(session)
    (session / "clips").mkdir()
    (session / "clips" / "0001.mp4").symlink_to(film)
    return place


@pytest.mark.slow
def test_what_could_not_be_judged_has_a_status_a_reason_and_a_code(dark, tmp_path, capsys):
    output = dark / "sessions"  # among the videos, as people have it
    run = [str(dark), "--output", str(output), "--", "--engine", "none"]
    assert batch.run(run) == NothingJudged.exit_code
    rows = rows_of(output)
    assert list(rows) == ["'=1+1.mp4", "a/b.mp4", "a - b.mp4"]
    assert len({row["session"] for row in rows.values()}) == 3
    for row in rows.values():
        assert row["status"] == "not judged"
        assert row["trouble"].startswith("nothing could be judged: no face for ")
        assert row["not_judged"].startswith("no face 0.")
        assert (row["frames_read"], row["frames_analysed"], row["frames_dropped"]) == (
            "20",
        ) * 2 + ("0",)
        assert float(row["judged_minutes"]) == 0
        assert row["engine"] == "motion only"
    said = capsys.readouterr()
    assert "3 of 3: " in said.err
    # the same again does nothing; another video or other options do
    before = {row["session"] for row in rows.values()}
    assert batch.run(run) == NothingJudged.exit_code
    assert {row["session"] for row in rows_of(output).values()} == before
    os.utime(dark / "a" / "b.mp4", (1, 1))
    batch.run(run)
    after = {name: row["session"] for name, row in rows_of(output).items()}
    assert [session in before for session in after.values()] == [True, False, True]
    batch.run([*run, "--faces", "2"])
    assert not before & {row["session"] for row in rows_of(output).values()}


@pytest.mark.slow
def test_a_table_says_whose_films_they_are_and_corrects_it_later(dark, tmp_path):
    output, table = tmp_path / "study", dark / "films.csv"
    table.write_text("file;Participant;condition\na/b.mp4;P 07;sad\na - b.mp4;=P8;\n")
    run = [str(table), "--output", str(output), "--", "--engine", "none"]
    assert batch.run(run) == NothingJudged.exit_code
    before = {row["session"] for row in rows_of(output).values()}
    assert [(of.participant, of.condition) for of in open_study(output).sessions] == [
        ("P 07", "sad"),
        ("=P8", ""),
    ]
    participants = output / "participants.tsv"
    assert participants.read_text() == (
        "participant_id\tcondition\tnotes\nP 07\tsad\tn/a\n=P8\tn/a\tn/a\n"
    )
    participants.write_text(participants.read_text().replace("sad\tn/a", "sad\tlate"))
    table.write_text("file,participant,condition\na/b.mp4,P09,happy\na - b.mp4,=P8,sad\n")
    assert batch.run(run) == NothingJudged.exit_code
    assert {row["session"] for row in rows_of(output).values()} == before
    assert [(of.participant, of.condition) for of in open_study(output).sessions] == [
        ("P09", "happy"),
        ("=P8", "sad"),
    ]
    assert participants.read_text().splitlines()[1:] == [
        "P 07\tsad\tlate",
        "=P8\tn/a\tn/a",
        "P09\thappy\tn/a",
    ]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("file,condition\na/b.mp4,sad\n", "needs the columns file, participant"),
        ("file,participant\nnowhere.mp4,P07\n", "line 2: there is no file"),
        ("file,participant\na/b.mp4,P07\na/../a/b.mp4,P08\n", "names a/b.mp4 twice"),
        ("file,participant\na/b.mp4,P\x1b07\n", "characters on one line"),
        ("file,participant\n", "names no video"),
    ],
)
def test_a_table_of_films_that_is_none_is_refused(dark, tmp_path, capsys, table, says):
    (dark / "films.csv").write_text(table)
    assert batch.run([str(dark / "films.csv"), "--output", str(tmp_path / "out")]) == 7
    assert says in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_a_film_outside_the_folder_of_its_table_has_a_place_of_its_own(dark, tmp_path):
    (tmp_path / "lists").mkdir()
    table = tmp_path / "lists/films.tsv"
    table.write_text(f"file\tparticipant\n{dark}/a/b.mp4\tP07\n../dark/a - b.mp4\tP08\n")
    first, second = films_of(table, tmp_path / "out")
    assert first.name == (dark / "a/b.mp4").relative_to("/").as_posix()
    assert second.name == (dark / "a - b.mp4").relative_to("/").as_posix()
    assert (first.flags, first.condition) == (("--participant=P07",), "")


@pytest.mark.slow
def test_one_bad_line_or_session_does_not_cost_the_table(dark, tmp_path):
    output = tmp_path / "out"
    run = [str(dark), "--output", str(output), "--", "--engine", "none"]
    batch.run(run)
    rows = rows_of(output)
    (output / rows["a/b.mp4"]["session"] / "events.jsonl").write_bytes(b"{}\n\x1b[31m\n")
    (output / rows["a - b.mp4"]["session"] / "frames.csv").write_bytes(b"no,table\n1,2\n")
    assert batch.run(run) == 1
    rows = rows_of(output)
    assert "events.jsonl line 2" in rows["a/b.mp4"]["trouble"]
    assert rows["a - b.mp4"]["status"] == "failed"
    assert "is not a table of frames" in rows["a - b.mp4"]["trouble"]
    assert rows["'=1+1.mp4"]["status"] == "not judged"


@pytest.mark.parametrize(
    "flag", ["--no-record", "--output=x", "--source", "--dashboard", "--camera", "--pace"]
)
def test_what_the_batch_sets_itself_is_refused(dark, tmp_path, capsys, flag):
    assert batch.run([str(dark), "--output", str(tmp_path / "out"), "--", flag]) == 2
    assert f"{flag.partition('=')[0]} is set by the batch" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_output_is_not_the_folder_of_the_videos(dark, capsys):
    assert batch.run([str(dark), "--output", str(dark)]) == 2
    assert "a folder of its own" in capsys.readouterr().err


@pytest.mark.fault
def test_a_worker_dies_with_its_batch(folder, engine, tmp_path):
    output = tmp_path / "out"
    command = [sys.executable, "-m", "realtime.cli.programs", "batch", str(folder)]
    process = subprocess.Popen(
        [*command, "--output", str(output), "--", "--engine", str(engine)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not list(output.rglob("frames.csv")):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.1)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers
    finally:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []
    assert not list(output.rglob("*.part*"))


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
    while not list((output / "a.mp4").rglob("batch.json")):  # counted as done
        with pytest.raises(subprocess.TimeoutExpired):  # it still has the other one to do
            process.wait(0.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=HANG_S)
    assert process.returncode == 130
    assert "1 of 2 to do" in said
    assert not list(output.rglob("*.part*"))
    done = newest_session(output / "a.mp4", whole=True)
    assert subprocess.run(command, cwd=ROOT, timeout=HANG_S).returncode == 0
    assert newest_session(output / "a.mp4", whole=True) == done
    assert newest_session(output / "day 2" / "a.mp4", whole=True) is not None


def test_a_folder_without_a_video_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no video \(\.3gp"):
        videos(tmp_path)


def test_a_session_that_was_cut_short_is_not_whole(tmp_path):
    for number, reason in enumerate(("the source ended", None, "failed")):
        write_record(tmp_path / f"2026010{number}-000000-000{number}", reason=reason)
    spoilt = tmp_path / "20260104-000000-0004"
    spoilt.mkdir()
    (spoilt / "session.json").write_text("{}")
    assert newest_session(tmp_path, whole=True).name == "20260100-000000-0000"
    write_record(tmp_path / "20260100-000000-0000", reason="stopped by the user")
    assert newest_session(tmp_path, whole=True) is None
