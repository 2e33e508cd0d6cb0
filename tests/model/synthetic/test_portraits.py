import cv2
import numpy as np
import pytest

from model.synthetic.portraits import (
    DEMO_SUBJECT,
    find_portraits,
    is_frontal,
    is_held_out,
    load_cache,
    save_cache,
    split,
)
from realtime.errors import DataError
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CANONICAL, inter_ocular
from tests.model.conftest import drawn_portrait

SIGNS = FaceSigns(0.0, 0.0, 0.0, 0.0, 0.0)


class CentredFace:
    """Answers every picture with an upright face in its middle, a fifth of its width between
    the eyes; nothing for pictures without any light."""

    def __init__(self):
        self.resets = 0

    def track(self, t_ns, image):
        if image.max() == 0:
            return ()
        height, width = image.shape[:2]
        points = CANONICAL.astype(np.float64) * width / 5 + [width / 2, height / 3, 0]
        points = np.vstack([points, np.repeat(points[:1], 10, axis=0)]).astype(np.float32)
        return (Face(1, points, 0.9, SIGNS),)

    def reset(self):
        self.resets += 1


def test_photographs_become_aligned_portraits(tmp_path, caplog):
    (tmp_path / "b").mkdir()
    picture = np.random.default_rng(0).integers(0, 255, (600, 500, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "b" / "one.png"), picture)
    cv2.imwrite(str(tmp_path / "dark.png"), np.zeros((300, 300, 3), np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    (tmp_path / "notes.txt").write_text("no picture")
    tracker = CentredFace()
    found = find_portraits(tmp_path, tracker)
    assert [portrait.name for portrait in found] == [DEMO_SUBJECT, "b/one.png"]
    for portrait in found:
        assert portrait.crop.shape == (224, 224)
        assert inter_ocular(portrait.landmarks) == pytest.approx(72, rel=0.01)
    assert tracker.resets == 3
    assert "dark.png" in caplog.text
    assert "broken.jpg" in caplog.text


def test_missing_folder_is_an_error(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        find_portraits(tmp_path / "none", CentredFace())


def test_split_depends_on_the_name_alone_and_keeps_the_demo_subject_out():
    many = [drawn_portrait(f"person{i}.jpg", i) for i in range(12)]
    many.append(drawn_portrait(DEMO_SUBJECT, 99))
    train, held_out = split(many)
    names = {portrait.name for portrait in held_out}
    assert DEMO_SUBJECT in names
    assert len(train) + len(held_out) == 13
    assert {portrait.name for portrait in split(many[::-1])[1]} == names


def test_about_a_fifth_is_held_out():
    share = np.mean([is_held_out(f"folder/{i}.jpg") for i in range(2000)])
    assert share == pytest.approx(0.2, abs=0.03)


def test_the_only_portrait_is_trained_on():
    train, held_out = split([drawn_portrait(DEMO_SUBJECT, 0)])
    assert len(train) == 1
    assert held_out == []


def test_cache_round_trip_and_turned_faces_are_left_out(tmp_path, portraits):
    turned = drawn_portrait("turned", 8)
    turned.landmarks[:, 0] = 112 + 0.5 * (turned.landmarks[:, 0] - 112)
    assert not is_frontal(turned)
    save_cache(tmp_path / "p.npz", [*portraits, turned])
    loaded = load_cache(tmp_path / "p.npz")
    assert [portrait.name for portrait in loaded] == [portrait.name for portrait in portraits]
    assert np.array_equal(loaded[0].crop, portraits[0].crop)


def test_a_broken_cache_is_an_error(tmp_path):
    (tmp_path / "p.npz").write_bytes(b"PK nothing")
    with pytest.raises(DataError, match="not a portrait cache"):
        load_cache(tmp_path / "p.npz")
