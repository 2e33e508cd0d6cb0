"""What is promised to a person: counts with intervals, a profile that the live path takes."""

import numpy as np
import pytest

from calibration.commands import person
from calibration.person import expect, record, share
from model.spotting.face_footage import film_scene
from model.spotting.scene import simulate
from model.spotting.simulated_person import Behaviour
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.errors import DataError
from realtime.motion.regions import REGIONS
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.person_profile import load_profile, save_profile
from realtime.spotting.verifier import load_verifier
from tests.model.conftest import drawn_portrait

CALM = Behaviour(0.02, 0.5, 1.0, 0.0, 0.01, 8.0, 4.0, 0.0)


@pytest.fixture(scope="module")
def expectation():
    portraits = [drawn_portrait(f"person{i}", i) for i in range(2)]
    scene = simulate(portraits, 11, np.arange(300) / 25, CALM)
    film = film_scene(np.random.default_rng(11), SimulatedCamera(0.5, 1.0, 0, 0), scene)
    return expect(film, load_verifier(), 0.5, passes=1, seed=1, name="me")


@pytest.mark.slow
def test_nothing_is_promised_of_a_video_too_compressed():
    portraits = [drawn_portrait(f"person{i}", i) for i in range(2)]
    scene = simulate(portraits, 11, np.arange(200) / 25, CALM, scale=0.9)
    film = film_scene(np.random.default_rng(11), SimulatedCamera(0.5, 2.0, 0, 42), scene)
    with pytest.raises(DataError, match="too compressed"):
        expect(film, load_verifier(), 0.5, passes=1, seed=1, name="me")


@pytest.mark.slow
def test_nothing_is_promised_of_a_camera_that_is_too_slow_to_be_judged():
    portraits = [drawn_portrait(f"person{i}", i) for i in range(2)]
    scene = simulate(portraits, 11, np.arange(140) / 12, CALM)
    with pytest.raises(DataError, match=r"12\.0 frames a second came.*14\.5"):
        expect(scene, load_verifier(), 0.5, passes=1, seed=1, name="me")


@pytest.mark.slow
def test_the_profile_is_one_the_live_path_takes(expectation, tmp_path):
    save_profile(tmp_path / "me.json", expectation.profile)
    profile = load_profile(tmp_path / "me.json", load_verifier().digest)
    assert profile.noise().shape == (len(REGIONS), 2)
    assert profile.seconds == pytest.approx(12, abs=0.1)
    assert profile.fps == pytest.approx(25, abs=0.1)
    assert FaceSpotter(0, profile=profile).strengths == (0.0,) * 5
    # it was made with movements added, some of each size
    assert sum(count for _, count, _ in expectation.recall) > 0


def test_more_seen_is_a_narrower_interval():
    few, many = share(3, 6), share(300, 600)
    assert many.high - many.low < 0.2 * (few.high - few.low)
    assert np.isnan(share(0, 0).value)


class EmptyRoom:
    info = SourceInfo(SourceKind.CAMERA, "camera 0", 64, 48, None, 30.0, True, None)

    def __init__(self):
        self._at = 0

    def read(self):
        self._at += 1
        return TimedFrame(self._at * 33_000_000, np.zeros((48, 64, 3), np.uint8))


class NobodyThere:
    def track(self, t_ns, image):
        return ()


def test_without_a_face_it_says_what_to_do():
    with pytest.raises(DataError, match="sit closer"):
        record(EmptyRoom(), NobodyThere(), 2.0, 0.0)


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (["--source", "nowhere.mp4"], 2, "nowhere.mp4"),
        (["--source", "x.mp4", "--alarms-per-minute", "0"], 2, "0.05 to 10"),
        (["--source", "x.mp4", "--seconds", "1"], 2, "8 to 3600"),
    ],
)
def test_nonsense_is_refused(flags, code, says, capsys):
    assert person.run(flags) == code
    assert says in capsys.readouterr().err
