"""Rest is learned from a real face, and its noise grows with the camera's."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.commands import rest
from calibration.rest import learn, smallest
from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.errors import DataError
from realtime.face.landmarker import LandmarkTracker
from realtime.motion.regions import REGIONS, Stream
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.person_profile import load_profile, save_profile
from realtime.spotting.verifier import load_verifier

SECONDS, FPS = 5.0, 30


class Sitter:
    """The portrait before a camera with that much sensor noise; away for some frames."""

    def __init__(self, portrait, noise, frames, away=(), fps=FPS):
        self._fps = fps
        self.info = SourceInfo(SourceKind.CAMERA, "camera 0", 512, 512, None, 30.0, True, None)
        self._portrait, self._noise, self._frames, self._away = portrait, noise, frames, away
        self._rng = np.random.default_rng(2)
        self._at = 0

    def read(self):
        if self._at == self._frames:
            return None
        self._at += 1
        seen = np.full_like(self._portrait, 90) if self._at in self._away else self._portrait
        grain = self._rng.normal(0, self._noise, seen.shape)
        image = np.clip(seen + grain, 0, 255).astype(np.uint8)
        return TimedFrame(round(1e9 * self._at / self._fps), image)


@pytest.fixture
def tracker(landmark_model):
    return LandmarkTracker(landmark_model)


@pytest.mark.slow
def test_a_noisier_camera_hides_larger_movements(portrait, tracker):
    quiet, noisy = (
        list(learn(Sitter(portrait, noise, 200), tracker, SECONDS))[-1] for noise in (2.0, 25.0)
    )
    assert quiet.rest_s >= SECONDS
    assert quiet.noise_px.shape == (len(REGIONS), 2)
    for stream in (Stream.BROWS, Stream.NOSE_CHEEKS, Stream.MOUTH):
        assert 0 < smallest(quiet.noise_px, stream) < smallest(noisy.noise_px, stream)


def test_who_leaves_begins_anew(portrait, tracker):
    sitter = Sitter(portrait, 2.0, 120, away=range(30, 36))
    seen = list(learn(sitter, tracker, 2.0))
    assert len(seen) >= 36 + 2 * FPS
    assert seen[33].rest_s == 0


def test_too_little_rest_says_why(portrait, tracker):
    with pytest.raises(DataError, match=r"2 s of rest .* look towards the camera"):
        list(learn(Sitter(portrait, 2.0, 90, away=range(61, 91)), tracker, SECONDS))


def test_a_camera_that_is_too_slow_to_be_judged_gets_no_profile(portrait, tracker):
    with pytest.raises(DataError, match=r"12\.0 frames a second came"):
        list(learn(Sitter(portrait, 2.0, 40, fps=12), tracker, 2.0))


@pytest.mark.slow
@pytest.mark.media
def test_the_program_writes_what_the_live_path_takes(media, landmark_model, tmp_path, capsys):
    path = tmp_path / "me.json"
    flags = ["--source", str(media / "webcam.mp4"), "--out", str(path)]
    assert rest.run(flags) == 0
    assert "stands out from" in capsys.readouterr().out
    first = load_profile(path, load_verifier().digest)
    assert first.alarm_factor == 1.0
    assert FaceSpotter(0, profile=first).strengths == (0.0,) * 5

    # A second rest renews the noise and keeps what calibrate person has found.
    save_profile(path, replace(first, alarm_factor=2.5, noise_px=((9.0, 9.0),) * len(REGIONS)))
    assert rest.run(flags) == 0
    assert load_profile(path, load_verifier().digest) == replace(first, alarm_factor=2.5)


def test_a_damaged_profile_is_told_before_anybody_sits_still(tmp_path, capsys):
    path = tmp_path / "me.json"
    path.write_text("{")
    assert rest.run(["--source", str(tmp_path / "never opened.mp4"), "--out", str(path)]) == 7
    assert "cannot be read as a profile" in capsys.readouterr().err
    assert path.read_text() == "{"


@pytest.mark.parametrize("seconds", ["1", "600"])
def test_nonsense_is_refused(seconds, capsys):
    assert rest.run(["--source", "x.mp4", "--seconds", seconds]) == 2
    assert "5 to 60" in capsys.readouterr().err
