"""What cannot be done is said in one sentence, with the documented exit code."""

from pathlib import Path

import pytest

from realtime.cli.live import live
from tests.program.runs import run_live
from tests.realtime.capture.films import write_folder
from tests.servers import MjpegServer

NOTHING = ("--dashboard", "none", "--no-record")


@pytest.mark.skipif(Path("/dev/video0").exists(), reason="this machine has a camera")
def test_no_camera():
    done = run_live("--camera", "0", timeout_s=30)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "camera 0" in line
    assert "--demo" in line


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        ((), 2, "exactly one of"),
        (("--camera", "0", "--demo"), 2, "exactly one of"),
        (("--source", "concat:a|b"), 2, "not a kind of address"),
        (("--source", "nothing.mp4"), 2, "no file or folder"),
        (("--source", "-i"), 2, ""),
        (("--size", "large", "--camera", "0"), 2, "WIDTHxHEIGHT"),
        (("--camera", "0", "--pace", "fast"), 2, "own pace"),
        (("--demo", "--wait", "5"), 2, "--wait is for cameras and streams"),
        (("--bogus",), 2, "No such option"),
        (("--config", "nothing.toml", "--demo"), 2, "nothing.toml cannot be read"),
        (("--demo", "--engine", "no-engine"), 5, "no engine folder"),
        (("--demo", "--face-model", "no-model"), 4, "no face model"),
        (("--source", "http://user:s3cret@127.0.0.1:9/video"), 3, "127.0.0.1"),
    ],
)
def test_refusals(flags, code, words, capsys):
    assert live.run([*flags, *NOTHING]) == code
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert "s3cret" not in said.err + said.out


def test_a_server_that_is_silent_is_waited_for_as_long_as_one_likes(capsys):
    with MjpegServer(silent=True) as server:
        flags = ("--source", server.url, "--open-timeout", "1.5")
        assert live.run([*flags, *NOTHING]) == 3
    waiting, given_up = capsys.readouterr().err.splitlines()
    assert "waiting up to 1.5 s" in waiting
    assert "nothing answered within 1.5 s" in given_up


def test_a_refusal_is_the_exit_code_of_the_process():
    done = run_live("--demo", "--engine", "no-engine", *NOTHING, timeout_s=60)
    assert done.returncode == 5, done.stderr
    (line,) = done.stderr.splitlines()
    assert "no engine folder" in line


@pytest.mark.usefixtures("landmark_model")
def test_an_output_folder_that_cannot_be_written(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    film = write_folder(tmp_path / "film", 3)
    done = run_live(
        *("--source", str(film), "--fps", "30", "--pace", "fast", "--dashboard", "none"),
        *("--output", str(blocked / "sessions")),
    )
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr
