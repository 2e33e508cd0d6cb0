"""What speaks against judging a face that is there: its codec, a hand before it."""

from dataclasses import replace

import numpy as np
import pytest

from model.spotting.face_footage import FaceRecording, film_scene
from model.spotting.insertions import draw_insertions, play
from model.spotting.scene import simulate
from model.spotting.simulated_person import Behaviour
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.face.assessability import Assessable
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.spotter import SpotterConfig
from tests.model.conftest import drawn_portrait

pytestmark = pytest.mark.slow

CALM = Behaviour(0.02, 0.5, 1.0, 0.0, 0.01, 8.0, 4.0, 0.0)
SETTLED_S = 3.0


@pytest.fixture(scope="module")
def acted():
    """Ten seconds of a calm person with movements of 3 % IOD."""
    portraits = [drawn_portrait(f"person{i}", i) for i in range(2)]
    scene = simulate(portraits, 11, np.arange(250) / 25, CALM, scale=0.9)
    added = draw_insertions(np.random.default_rng(2), scene, 60, peak_iod=(0.03, 0.031))
    assert added
    return FaceRecording("acted", tuple(play(scene, added, (0.3, -0.2))))


def watch(recording):
    """Every finding, and the words on the frames after the face was learned."""
    spotter = FaceSpotter(0, spotter=SpotterConfig(alarms_per_minute=3))
    found, words = [], []
    for seq, frame in enumerate(recording.frames):
        stabilised = spotter.align(seq, frame.t_ns, frame.grey, frame.face)
        found += [one.finding for one in spotter.spot(stabilised, frame.face)]
        if frame.t_ns > SETTLED_S * 1e9:
            words.append(spotter.assessable(Assessable.YES))
    return found, words


def filmed(acted, crf):
    return film_scene(np.random.default_rng(0), SimulatedCamera(0.5, 2.0, 0, crf), acted)


def test_a_video_of_ordinary_quality_is_judged(acted):
    found, words = watch(filmed(acted, 23))
    assert set(words) == {Assessable.YES}
    assert any(f.kind == "micro" for f in found)
    assert not any("compression" in f.confounders for f in found)


def test_a_codec_short_of_bits_is_told_and_nothing_is_flagged(acted):
    found, words = watch(filmed(acted, 42))
    assert set(words) == {Assessable.COMPRESSED}
    assert not any(f.kind == "micro" for f in found)
    assert all("compression" in f.confounders for f in found if f.apex_ns > SETTLED_S * 1e9)


def test_a_covered_face_is_told_and_looks_free_again(acted):
    frames = []
    for frame in acted.frames:
        grey = frame.grey.copy()
        if 5 < frame.t_ns / 1e9 < 7:
            grey[len(grey) // 2 :] = 60
        frames.append(replace(frame, grey=grey))
    _, words = watch(filmed(FaceRecording("covered", tuple(frames)), 0))
    assert Assessable.OCCLUDED in words
    assert words[0] is words[-1] is Assessable.YES


def test_where_too_little_would_be_found_it_is_told_and_nothing_is_flagged(acted, monkeypatch):
    film = filmed(acted, 23)

    def flagged_late():
        """With the sensitivity known, and the last words on the face."""
        found, words = watch(film)
        return [f for f in found if f.kind == "micro" and f.apex_ns > 4.5e9], words[-1]

    assert flagged_late()[0]
    monkeypatch.setattr("realtime.spotting.sensitivity.MOST_IOD", 0.001)  # no face is so still
    assert flagged_late() == ([], Assessable.INSENSITIVE)
