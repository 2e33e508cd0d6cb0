"""The file of a coder's answers: every answer is kept at once and whole."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from realtime.errors import DataError, RecordingError, SettingsError
from realtime.recording.labels import (
    CoderAnswer,
    Label,
    LabelFile,
    LabelUnit,
    coder_name,
    now_utc,
    read_labels,
)
from tests.paths import ROOT

FULL = Label(
    coder="anna",
    item="0001",
    stratum="flagged",
    answer=CoderAnswer.MICRO,
    onset_s=1.0,
    apex_s=1.1,
    offset_s=1.3,
    emotion="surprise",
    units=(LabelUnit("1+2", "both", "C"), LabelUnit("12", "left", "")),
    confidence=4,
    comment='=cmd|"/c calc"!A1\n\tsecond line\u2028é',
    answered_at=now_utc(),
)
NONE = Label("anna", "random-0007", "random", CoderAnswer.NONE)


def test_an_answer_is_read_back_as_it_was_given(tmp_path):
    LabelFile(tmp_path, "anna").append(FULL, NONE)
    assert read_labels(tmp_path) == {"anna": (FULL, NONE)}
    assert [label.word for label in (FULL, NONE)] == ["surprise", "none"]
    lines = (tmp_path / "labels/anna.jsonl").read_text().splitlines()
    assert [json.loads(line)["item"] for line in lines] == ["0001", "random-0007"]


def test_the_last_answer_to_an_item_counts_and_can_be_taken_back(tmp_path):
    file = LabelFile(tmp_path, "anna")
    file.append(FULL, NONE)
    file.append(replace(FULL, answer=CoderAnswer.UNSURE))
    assert [said.word for said in read_labels(tmp_path)["anna"]] == ["none", "unsure"]
    file.remove("0001", "0999")
    assert read_labels(tmp_path) == {"anna": (NONE,)}
    assert list(file.labels) == ["random-0007"]
    assert len((tmp_path / "labels/anna.jsonl").read_bytes().splitlines()) == 4


def test_each_coder_has_a_file_that_is_the_coder_s_own(tmp_path):
    LabelFile(tmp_path, "anna").append(FULL)
    LabelFile(tmp_path, "Zoë").append(FULL)
    said = read_labels(tmp_path)
    assert {name: labels[0].coder for name, labels in said.items()} == {
        "anna": "anna",
        "Zoë": "Zoë",
    }
    assert oct((tmp_path / "labels").stat().st_mode)[-3:] == "700"
    assert oct((tmp_path / "labels/anna.jsonl").stat().st_mode)[-3:] == "600"


def test_what_a_kill_left_is_said_and_swallows_no_answer(tmp_path):
    LabelFile(tmp_path, "anna").append(FULL)
    path = tmp_path / "labels/anna.jsonl"
    path.write_bytes(path.read_bytes() + b'{"schema": 1, "item": "00')
    file = LabelFile(tmp_path, "anna")
    assert file.troubles == ["labels/anna.jsonl: its last line was never finished"]
    file.append(NONE)
    troubles = []
    assert read_labels(tmp_path, troubles) == {"anna": (FULL, NONE)}
    (trouble,) = troubles
    assert trouble.startswith("labels/anna.jsonl line 2 is no answer")


def test_a_process_that_is_killed_keeps_every_answer_it_acknowledged(tmp_path):
    code = (
        "import os, sys\n"
        "from tests.realtime.recording.test_labels import NONE, LabelFile, replace\n"
        "from pathlib import Path\n"
        "file = LabelFile(Path(sys.argv[1]), 'anna')\n"
        "for number in range(20):\n"
        "    file.append(replace(NONE, item=f'random-{number:04d}'))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, timeout=60)
    assert ended.returncode == -9
    assert len(read_labels(tmp_path)["anna"]) == 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"item": "../a"},
        {"confidence": 9},
        {"onset_s": float("nan")},
        {"emotion": "angry"},
        {"units": (("x", "both", ""),)},
        {"units": (("12", "both", "F"),)},
        {"answer": "yes"},
        {"comment": "x" * 2001},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_is_no_answer_is_not_written(tmp_path, wrong):
    file = LabelFile(tmp_path, "anna")
    with pytest.raises(DataError, match="not an answer"):
        file.append(NONE, replace(FULL, **wrong))
    assert read_labels(tmp_path) == {}


def test_times_out_of_order_are_refused():
    with pytest.raises(ValueError, match="not in this order"):
        replace(FULL, apex_s=0.9)


@pytest.mark.parametrize(
    "name", ["", "../anna", "a/b", "a b", "-a", "con", "Program", "a" * 41, "a\n", ".a", "COM1"]
)
def test_a_name_that_is_no_safe_file_name_is_refused(tmp_path, name):
    if name == "a\n":  # blanks at the ends are not meant
        assert coder_name(name) == "a"
        return
    with pytest.raises(SettingsError, match="cannot be a coder's name"):
        LabelFile(tmp_path, name)
    assert not (tmp_path / "labels").exists()


def test_two_spellings_of_an_accent_are_one_coder():
    assert coder_name("Zoe\u0308") == coder_name("Zo\u00eb")


def test_a_file_with_another_name_is_said_and_left_alone(tmp_path):
    LabelFile(tmp_path, "anna").append(FULL)
    (tmp_path / "labels/anna (copy).jsonl").write_text("{}\n")
    (tmp_path / "labels/anna.queue.json").write_text("{}\n")
    troubles = []
    assert list(read_labels(tmp_path, troubles)) == ["anna"]
    assert len(troubles) == 1
    assert "anna (copy)" in troubles[0]


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "session").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "session/labels")
    with pytest.raises(RecordingError, match="is a link"):
        LabelFile(tmp_path / "session", "anna").append(FULL)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_answer_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "labels").write_text("in the way")
    with pytest.raises((DataError, RecordingError)):
        LabelFile(tmp_path, "anna").append(FULL)


def test_an_answer_is_later_than_the_one_it_replaces_whatever_the_clock_says():
    first = now_utc()
    second = now_utc(after=first)
    of_tomorrow = "2999-01-01T00:00:00.000+00:00"
    assert first < second
    assert now_utc(after=of_tomorrow) == "2999-01-01T00:00:00.001+00:00"
