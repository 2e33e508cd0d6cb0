"""Long videos in a dataset's layout are watched by the program and scored as the challenges do."""

import sys

import cv2
import pytest

from benchmarks.spotting import datasets as spotting_datasets
from realtime.demo.subject import DemoSubject
from tests.model.datasets.trees import workbook

FPS = 30
SECONDS = 17.0


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """CAS(ME)^2 with one recording: how the built-in subject begins, its movements coded."""
    root = tmp_path_factory.mktemp("casme_sq")
    subject = DemoSubject(fps=FPS)
    folder = root / "rawpic/s15/15_0101disgustingteeth"
    folder.mkdir(parents=True)
    for k in range(round(SECONDS * FPS)):
        picture = subject.frame(k)
        cv2.imwrite(str(folder / f"img{k + 1}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    rows = []
    shown = [t for t in subject.truth if t.offset_s < SECONDS]
    for number, event in enumerate(shown, 1):
        frames = [round(t * FPS) + 1 for t in (event.onset_s, event.apex_s, event.offset_s)]
        about = ("4", event.label, "micro-expression", event.label)
        rows.append([1, f"disgust1_{number}", *frames, *about])
    sheets = {
        "CASFEcode_final": rows,
        "naming rule1": [[1, "s15", 1]],
        "naming rule2": [["0101", "disgust1"]],
    }
    workbook(root / "CAS(ME)^2code_final.xlsx", sheets)
    return root


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
    return spotting_datasets.main()


@pytest.mark.slow
def test_the_whole_way_on_one_recording(root, tmp_path, monkeypatch):
    arguments = (f"cas_me_2={root}", "--sessions", tmp_path / "kept", "--alarms-per-minute", 1)
    first, again = tmp_path / "first.md", tmp_path / "again.md"
    assert run(monkeypatch, *arguments, "--out", first) == 0
    rows = {line.split(" | ")[0]: line.split(" | ") for line in first.read_text().splitlines()}
    coded, _, hits = (int(cell) for cell in rows["| micro"][1:4])
    assert coded >= 2
    assert hits >= 1
    assert 0 < float(rows["| strs"][1].rstrip(" |")) <= 1
    # what was watched is kept: the second run only counts
    monkeypatch.setattr(spotting_datasets.subprocess, "run", lambda *_, **__: pytest.fail("again"))
    assert run(monkeypatch, *arguments, "--out", again) == 0
    assert again.read_text().split("Budget")[0] == first.read_text().split("Budget")[0]


def test_another_dataset_is_refused(tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, f"casme2={tmp_path}") == 7
    assert "cas_me_2" in capsys.readouterr().err
