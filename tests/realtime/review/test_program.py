"""The review as a person meets it: from the command line, and in a real window."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest

from realtime.cli.sessions import review
from realtime.recording.labels_csv import NAME
from tests.paths import ROOT
from tests.realtime.review.made_session import event, write_clip, write_events

HANG_S = 60


@pytest.fixture
def folder(tmp_path, portrait):
    write_events(tmp_path, [event("0001", 2.0), event("0002", 4.0)])
    for identity, apex_s in (("0001", 2.0), ("0002", 4.0)):
        write_clip(tmp_path, identity, apex_s, portrait, frames=12)
    return tmp_path


def test_labels_from_a_script(folder, capsys):
    said = ["--label", "0001=surprise", "--label", "0002=none", "--subject", "anna"]
    assert review.run([str(folder), *said]) == 0
    assert (folder / NAME).read_text() == "id,label,subject\n0001,surprise,anna\n0002,none,anna\n"
    out = capsys.readouterr().out
    assert "1 of these are micro-expressions" in out
    assert "false alarms a minute" in out


def test_the_program_s_answer_is_not_told_beforehand(folder, capsys):
    assert review.run([str(folder), "--list"]) == 0
    assert "surprise" not in capsys.readouterr().out
    assert review.run([str(folder), "--label", "0001=none"]) == 0
    assert "surprise" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (["--label", "0009=none"], 2, "no flagged movement '0009'"),
        (["--label", "0001=angry"], 2, "negative, positive, surprise, none"),
        (["--label", "0001"], 2, "the label is one of"),
    ],
)
def test_nonsense_is_refused(folder, capsys, flags, code, says):
    assert review.run([str(folder), *flags]) == code
    assert says in capsys.readouterr().err
    assert not (folder / NAME).exists()


def test_without_a_screen_it_says_so(folder, capsys, monkeypatch):
    monkeypatch.setattr("realtime.review.program.has_screen", lambda: False)
    assert review.run([str(folder)]) == 0
    assert "no screen here" in capsys.readouterr().out


@pytest.fixture
def screen():
    """A display of its own, its number."""
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        pytest.skip("no Xvfb and xdotool here")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(HANG_S)


@pytest.mark.slow
@pytest.mark.usefixtures("landmark_model")
def test_keys_in_the_window_label_what_is_seen(folder, screen):
    environment = os.environ | {"DISPLAY": screen, "OMP_NUM_THREADS": "1"}
    press = ["xdotool", "search", "--sync", "--name", "Fleeting: review", "windowfocus", "key", "3"]
    child = subprocess.Popen(
        [sys.executable, "-m", "realtime.cli.programs", "review", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(HANG_S):  # a key that comes before the window is up is lost
            subprocess.run(press, env=environment, timeout=HANG_S, stdout=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                out, err = child.communicate(timeout=1)  # it is through after the last
                break
    finally:
        child.kill()
        child.wait(HANG_S)
    assert child.returncode == 0, err
    assert (folder / NAME).read_text() == "id,label\n0001,surprise\n0002,surprise\n"
    assert "2 of 2 flagged movements labelled" in out
