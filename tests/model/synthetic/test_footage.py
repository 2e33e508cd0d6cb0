from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from model.synthetic.footage import GAP_S, Footage, pick, read_footage
from model.synthetic.pairs import make_pair
from model.synthetic.recipe import NON_EVENT, Recipe
from realtime.demo.portrait import portrait
from realtime.errors import DataError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model


def film(path, pictures, fps=30):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", fps)
        stream.width, stream.height = pictures[0].shape[1], pictures[0].shape[0]
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, fps)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def tracker():
    return LandmarkTracker(face_model())


@pytest.fixture(scope="module")
def swaying(tmp_path_factory):
    """A face that sways for a second, is gone for a moment, and comes back for a second."""
    face = portrait()[:360, 60:420]
    pictures = []
    for index in range(70):
        shift = 4 * np.sin(index / 6)
        moved = cv2.warpAffine(face, np.array([[1, 0, shift], [0, 1, 0]], np.float32), (360, 360))
        pictures.append(np.zeros_like(moved) if 33 <= index < 37 else moved)
    path = tmp_path_factory.mktemp("film") / "swaying.mp4"
    film(path, pictures)
    return path


@pytest.fixture(scope="module")
def footage(swaying, tracker):
    return read_footage(swaying, tracker)


def test_a_lost_face_parts_the_stretches_and_the_head_is_held_still(footage):
    assert len(footage) == 2
    for stretch in footage:
        assert 20 <= len(stretch.t_s) <= 33
        assert (np.diff(stretch.t_s) > 0).all()
        nose = stretch.landmarks[:, 6]
        assert np.ptp(nose, axis=0).max() < 2.0  # the sway was 8 pixels of the picture
    assert footage[1].t_s[0] > footage[0].t_s[-1] + 0.1


def test_pairs_lie_an_onset_to_apex_time_apart(footage):
    rng = np.random.default_rng(0)
    numbered = [
        Footage(s.name, s.person, s.t_s, np.arange(len(s.t_s), dtype=np.uint8)[:, None, None]
                * np.ones((1, 224, 224), np.uint8), s.landmarks)
        for s in footage
    ]  # fmt: skip
    for _ in range(50):
        stretch = numbered[rng.integers(2)]
        before, after, landmarks = stretch.draw(rng)
        first, second = int(before[0, 0]), int(after[0, 0])
        apart = stretch.t_s[second] - stretch.t_s[first]
        assert GAP_S[0] - 1e-6 <= apart <= GAP_S[1] + 1 / 30
        assert landmarks.shape == (478, 2)


def test_movements_are_added_to_footage_and_their_surroundings_are_unknown(portraits, footage):
    recipe = Recipe(footage_share=1.0)
    pairs = [make_pair(portraits, 3, index, recipe, footage) for index in range(30)]
    assert {pair.kind for pair in pairs} == {"event", "footage"}
    for pair in pairs:
        assert not pair.valid.any()
        moved = np.abs(pair.displacement).max() > 0.05
        assert moved == (pair.label != NON_EVENT)
    again = make_pair(portraits, 3, 7, recipe, footage)
    assert np.array_equal(again.apex, pairs[7].apex)


def test_the_motion_of_a_face_is_laid_onto_another(portraits, footage):
    recipe = Recipe(footage_share=0.0, borrowed_share=1.0)
    pairs = [make_pair(portraits, 3, index, recipe, footage) for index in range(12)]
    assert {pair.kind for pair in pairs} == {"event", "borrowed"}
    assert {pair.person for pair in pairs} == {"swaying"}
    assert all(pair.valid.any() for pair in pairs)


def test_people_are_drawn_by_the_root_of_how_long_they_are_filmed():
    def stretch(person, seconds):
        nothing = np.zeros((2, 1, 1), np.uint8)
        return Footage("", person, np.array([0.0, seconds]), nothing, nothing.astype(np.float32))

    footage = [stretch("a", 45.0), stretch("a", 45.0), stretch("b", 10.0)]
    rng = np.random.default_rng(0)
    drawn = [pick(rng, footage).person for _ in range(400)]
    assert 0.68 < drawn.count("a") / 400 < 0.82  # 3 of 4


def test_a_video_without_a_face_is_refused_by_name(tmp_path, tracker):
    film(tmp_path / "empty.mp4", [np.full((240, 320, 3), 90, np.uint8)] * 20)
    with pytest.raises(DataError, match=r"empty\.mp4"):
        read_footage(tmp_path / "empty.mp4", tracker)
