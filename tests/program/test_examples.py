"""The programs of examples/ run as their first lines say."""

import csv
import os
import shutil
import subprocess
import sys
import time

import pytest

from realtime.markers.inbox import MarkerInbox
from realtime.markers.port import MarkerPort
from realtime.recording.markers import read_markers
from realtime.recording.session_folder import SessionFolder
from tests.paths import ROOT
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import label, write_labels, write_session

HANG_S = 300
COLUMNS = "frame,face_id,timestamp,assessable,brows,lids,eyes,nose_cheeks,mouth\n"


def example(name, *words):
    """What it prints."""
    ran = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three participants; a coder calls the stronger movements micro-expressions."""
    folder = tmp_path_factory.mktemp("study")
    for number in range(3):
        scores = {f"{k:04d}": 6.0 + (k * 5 + number) % 7 for k in range(1, 9)}
        events = [event(i, 3.0 * int(i), peak_sigma=score) for i, score in scores.items()]
        name = f"P{number}"
        session = write_session(folder / name / "20260101-100000-0001", *events, participant=name)
        words = {i: "surprise" if score > 9 else "none" for i, score in scores.items()}
        write_labels(session, "anna", *(label(i, word) for i, word in words.items()))
        write_labels(session, "bert", *(label(i, "micro") for i in words))
        rows = (f"{k},0,{k / 30},yes,{k % 9},1,2,1,3\n" for k in range(90))
        (session / "frames.csv").write_text(COLUMNS + "".join(rows))
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("landmark_model")
def test_a_folder_of_films_becomes_sessions_and_a_table(film, tmp_path):
    (tmp_path / "films").mkdir()
    shutil.copy(film, tmp_path / "films/P07.mp4")
    shown = example("analyse_folder.py", tmp_path / "films", tmp_path / "study")
    assert shown.startswith("P07.mp4: ")
    rows = list(csv.DictReader((tmp_path / "study/all_events.csv").read_text().splitlines()))
    assert {row["participant"] for row in rows} == {"P07"}
    assert [row["verdict"] for row in rows].count("micro") >= 2


@pytest.mark.slow
@pytest.mark.usefixtures("landmark_model")
def test_a_function_is_called_with_every_event(film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    *told, kept = example("live_callback.py", film).splitlines()
    assert kept.startswith("kept in ")
    assert sum(line.startswith("event ") for line in told) >= 2


def test_agreement_is_printed_for_every_pair(study):
    shown = example("agreement.py", study)
    assert shown.count("kappa") == 3
    assert "anna and bert: kappa 0.00" in shown


def test_traces_become_a_picture(study, tmp_path):
    example("plot.py", study / "P1/20260101-100000-0001", tmp_path / "traces.png")
    assert (tmp_path / "traces.png").read_bytes()[:4] == b"\x89PNG"


def test_an_experiment_sends_its_markers(tmp_path):
    inbox = MarkerInbox(SessionFolder(tmp_path))
    with MarkerPort(0, inbox) as port:
        example("psychopy_markers.py", port.port)
        labels = []
        deadline = time.monotonic() + HANG_S
        while len(labels) < 3 and time.monotonic() < deadline:  # until the port has read them
            inbox.write(0)
            labels = [marker.label for marker in read_markers(tmp_path, [])]
    assert labels == ["stimulus neutral_01", "stimulus sad_07", "stimulus surprise_03"]


def test_a_verifier_learns_from_a_coder(study):
    shown = example("own_verifier.py", study, "anna")
    assert "24 movements of 3 participants" in shown
    assert "AUROC of this verifier  1.00" in shown
