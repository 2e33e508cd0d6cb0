"""What a camera delivers is measured from real pictures, and each trouble is called by its name."""

import time

import cv2
import numpy as np
import pytest

from calibration.commands import camera
from model.synthetic.simulated_camera import h264
from realtime.capture.opencv_source import OpenCvSource
from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.doctor.camera_advice import advise
from realtime.doctor.camera_measurement import Meter
from realtime.errors import DataError
from realtime.face.landmarker import LandmarkTracker
from tests.realtime.capture.films import write_film

INFO = SourceInfo(SourceKind.CAMERA, "camera 0", 512, 512, None, 30.0, True, None)


@pytest.fixture(scope="module")
def tracker(landmark_model):
    return LandmarkTracker(landmark_model)


def metered(tracker, portrait, times_s, *, gain=lambda k: 1.0, noise=2.0, twice=False, crf=0):
    """A meter that has seen the portrait at those times."""
    rng = np.random.default_rng(5)
    images = []
    for k in range(len(times_s)):
        grain = rng.normal(0, noise, portrait.shape)
        image = np.clip(portrait * gain(k) + grain, 0, 255).astype(np.uint8)
        images.append(images[-1] if twice and k % 2 else image)
    if crf:
        greys = [np.asarray(cv2.cvtColor(i, cv2.COLOR_BGR2GRAY)) for i in images]
        images = [cv2.cvtColor(g, cv2.COLOR_GRAY2BGR) for g in h264(greys, 30.0, crf=crf)]
    meter = Meter(tracker)
    for t, image in zip(times_s, images, strict=True):
        meter.add(TimedFrame(round(1e9 * t), image))
    return meter


def troubles(meter, info=INFO):
    return [a.trouble for a in advise(info, meter.delivery(), meter.light())]


def test_a_good_camera_gets_no_advice(tracker, portrait):
    meter = metered(tracker, portrait, np.arange(90) / 30)
    came, light = meter.delivery(), meter.light()
    assert came.fps == pytest.approx(30, abs=0.01)
    assert came.interval_ms == pytest.approx(33.3, abs=0.1)
    assert came.jitter_ms < 0.01
    assert (came.lost, came.repeated, came.age_ms) == (0, 0, None)
    assert light.iod_px == pytest.approx(50, rel=0.5)
    assert light.noise == pytest.approx(2 / 3**0.5, rel=0.2)  # of the mean of three colours
    assert troubles(meter) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"times_s": np.arange(60) / 12}, "15 are needed"),
        ({"times_s": np.arange(60) / 25}, "30 a second were requested or reported"),
        ({"twice": True}, "repeat the one before"),
        ({"times_s": np.delete(np.arange(120) / 30, range(20, 110, 9))}, "are lost"),
        ({"gain": lambda k: 0.2}, "the face is dark"),
        ({"gain": lambda k: 1.7}, "overexposed"),
        ({"gain": lambda k: 1 + 0.04 * (k % 2)}, "flickers"),
        ({"noise": 12.0}, "noisy"),
        ({"gain": lambda k: 1 + 0.02 * np.sin(k / 4), "crf": 38}, "compressed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_trouble_is_named(changes, says, tracker, portrait):
    given = {"times_s": np.arange(90) / 30, **changes}
    assert any(says in trouble for trouble in troubles(metered(tracker, portrait, **given)))


def test_pictures_that_come_in_pairs_are_irregular(tracker, portrait):
    times_s = np.arange(90) / 30
    times_s[1::2] -= 0.02
    assert any("early or late" in t for t in troubles(metered(tracker, portrait, times_s)))


def test_an_empty_room_and_too_few_pictures(tracker, portrait):
    wall = np.full_like(portrait, 120)
    assert "no face was seen" in troubles(metered(tracker, wall, np.arange(60) / 30))
    with pytest.raises(DataError, match="more --seconds"):
        metered(tracker, portrait, np.arange(10) / 30).delivery()


class StampingDriver:
    """A driver that stamps its pictures 12 ms before they can be grabbed."""

    def __init__(self, clock):
        self._clock = clock
        self.stamps = []

    def grab(self):
        self._stamp_ms = self._clock() / 1e6 - 12.0
        self.stamps.append(self._stamp_ms)
        return True

    def retrieve(self):
        return True, np.zeros((48, 64, 3), np.uint8)

    def get(self, what):
        return self._stamp_ms if what == cv2.CAP_PROP_POS_MSEC else 0.0

    def release(self):
        pass


def camera_with(driver):
    return OpenCvSource(driver, "camera 0", jpeg=False, requested_fps=None, reported_fps=None)


def test_a_picture_is_of_the_time_that_its_driver_stamped_it_with():
    driver = StampingDriver(time.monotonic_ns)
    source = camera_with(driver)
    times_ms = [source.read().t_ns / 1e6 for _ in range(5)]
    assert times_ms == pytest.approx(driver.stamps, abs=1e-3)
    assert 12 <= source.age_ms < 1000


def test_a_stamp_of_another_clock_is_not_used_then_or_later():
    def stopped():
        return 0 if len(driver.stamps) == 2 else time.monotonic_ns()

    driver = StampingDriver(stopped)
    source = camera_with(driver)
    times_ns = [source.read().t_ns for _ in range(5)]
    assert times_ns == sorted(set(times_ns))
    assert source.age_ms is None
    assert times_ns[-1] / 1e6 > driver.stamps[-1] + 12


def test_the_program_measures_a_film(tmp_path, landmark_model, capsys):
    film = write_film(tmp_path / "film.mp4", [round(k * 1e6 / 30) for k in range(110)])
    assert camera.run(["--source", str(film), "--seconds", "3"]) == 0
    said = capsys.readouterr().out
    assert "30.00" in said
    assert "no face was seen" in said


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (["--source", "nowhere.mp4"], 2, "nowhere.mp4"),
        (["--source", "x.mp4", "--seconds", "1"], 2, "3 to 3600"),
        (["--camera", "60"], 3, "camera 60"),
        (["--camera", "0", "--size", "large"], 2, "WIDTHxHEIGHT"),
    ],
)
def test_nonsense_is_refused(flags, code, says, capsys, landmark_model):
    assert camera.run(flags) == code
    assert says in capsys.readouterr().err
