"""A run with `--key`: no picture of the session can be seen without it."""

import pytest

from realtime.capture.video_file import VideoFile
from realtime.cli.retention import new_key
from realtime.encryption.media import is_sealed, read_still
from realtime.recording.session import open_session
from tests.program.runs import run_live, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]


def test_every_clip_and_still_of_a_run_is_encrypted_and_readable_with_the_key(film, tmp_path):
    key, output = tmp_path / "lab.key", tmp_path / "out"
    assert new_key.run([str(key)]) == 0
    done = run_live(
        *("--source", str(film), "--pace", "fast", "--seconds", "6", "--dashboard", "none"),
        *("--engine", "none", "--output", str(output), "--key", str(key)),
    )
    assert done.returncode == 0, done.stderr
    session = open_session(session_of(output))
    pictures = [*session.folder.glob("clips/*.mp4"), *session.folder.glob("stills/*")]
    assert len(pictures) >= 3
    assert all(map(is_sealed, pictures))
    for clip in session.clips.values():
        with VideoFile(clip.path) as found:
            assert found.info.width == 640
    for still in session.folder.glob("stills/*.png"):
        assert read_still(still).shape == (480, 640, 3)


def test_without_its_key_a_run_does_not_begin(tmp_path):
    done = run_live("--demo", "--key", str(tmp_path / "none.key"), timeout_s=120)
    assert done.returncode == 2
    assert "there is no key" in done.stderr
