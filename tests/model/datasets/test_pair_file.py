from pathlib import Path

import cv2
import numpy as np
import pytest

from model.datasets.pair_file import align_pair, aligned_pairs, read_rows
from model.evaluate import file_samples
from model.synthetic.recipe import NON_EVENT
from realtime.errors import DataError
from realtime.face.action_units import displacement_field, warp
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CROP_IOD

MEDIA = Path(__file__).parents[3].parent / "shared" / "media" / "pairs" / "pairs.csv"
SIGNS = FaceSigns(0.0, 0.0, 0.0, 0.0, 0.0)


class DrawnFace:
    """Finds the drawn portrait where it was put, with the jitter real landmarks have."""

    def __init__(self, landmarks):
        self.landmarks = landmarks
        self.rng = np.random.default_rng(0)

    def track(self, t_ns, image):
        if image.max() == 0:
            return ()
        jitter = self.rng.normal(0, 0.002 * CROP_IOD, self.landmarks.shape)
        return (Face(1, (self.landmarks + jitter).astype(np.float32), 0.9, SIGNS),)

    def reset(self):
        pass


def colour(grey):
    return np.repeat(np.clip(np.rint(grey), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_the_heads_motion_is_taken_out_and_the_expression_is_left(portraits):
    face, landmarks = portraits[0].crop.astype(np.float32), portraits[0].landmarks
    smile = displacement_field({"12": 1.0}, landmarks, (224, 224), peak_iod=0.03)
    head = np.full((224, 224, 2), (0.7, -0.4), np.float32)
    crops = align_pair(colour(face), colour(warp(face, smile + head)), DrawnFace(landmarks))
    assert crops.shape == (2, 224, 224)
    flow = cv2.calcOpticalFlowFarneback(*crops, None, 0.5, 3, 15, 3, 5, 1.1, 0)
    nose, corner = landmarks[6].astype(int), landmarks[291].astype(int)
    assert np.linalg.norm(flow[nose[1], nose[0]]) < 0.25
    assert np.linalg.norm(flow[corner[1], corner[0]]) > 1.0


def test_rows_are_read_with_what_they_hold(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("onset_path,apex_path,label,amp_iod\na.png,b.png,none,\na.png,c.png,,0.02\n")
    first, second = read_rows(path)
    assert first.onset == tmp_path / "a.png"
    assert (first.label, first.peak_iod) == ("none", None)
    assert (second.label, second.peak_iod) == ("", 0.02)


@pytest.mark.parametrize("content", ["", "onset_path,label\na,b\n", "onset_path,apex_path\n", None])
def test_unusable_pair_files_are_errors(tmp_path, content):
    path = tmp_path / "p.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError):
        read_rows(path)


def test_pictures_without_a_face_are_named_and_keep_their_place(tmp_path, portraits, caplog):
    cv2.imwrite(str(tmp_path / "dark.png"), np.zeros((100, 100, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "face.png"), colour(portraits[0].crop))
    path = tmp_path / "p.csv"
    path.write_text("onset_path,apex_path\ndark.png,face.png\nface.png,face.png\n")
    found = list(aligned_pairs(read_rows(path), DrawnFace(portraits[0].landmarks)))
    assert [(row.onset.name, crops is None) for row, crops in found] == [
        ("dark.png", True),
        ("face.png", False),
    ]
    assert "dark.png" in caplog.text


def test_an_unreadable_picture_is_an_error(tmp_path, portraits):
    path = tmp_path / "p.csv"
    path.write_text("onset_path,apex_path\nnone.png,none.png\n")
    with pytest.raises(DataError, match="not a readable picture"):
        list(aligned_pairs(read_rows(path), DrawnFace(portraits[0].landmarks)))


def test_subjects_that_were_trained_on_can_be_left_out(tmp_path, portraits):
    cv2.imwrite(str(tmp_path / "face.png"), colour(portraits[0].crop))
    path = tmp_path / "p.csv"
    lines = [f"face.png,face.png,{label},{who}" for label, who in (("none", "a"), ("none", "b"))]
    path.write_text("\n".join(["onset_path,apex_path,label,subject", *lines]))
    tracker = DrawnFace(portraits[0].landmarks)
    samples = list(file_samples(path, tracker, leave_out=["a"]))
    assert [(sample.identity, sample.label) for sample in samples] == [("b", NON_EVENT)]


def test_unknown_labels_are_refused(tmp_path, portraits):
    cv2.imwrite(str(tmp_path / "face.png"), colour(portraits[0].crop))
    path = tmp_path / "p.csv"
    path.write_text("onset_path,apex_path,label\nface.png,face.png,joyful\n")
    with pytest.raises(DataError, match="joyful"):
        list(file_samples(path, DrawnFace(portraits[0].landmarks)))


@pytest.mark.media
@pytest.mark.skipif(not MEDIA.exists(), reason="needs ../shared/media")
def test_the_shared_pairs_have_labels_of_ours():
    rows = read_rows(MEDIA)
    assert len(rows) > 200
    assert {row.label for row in rows} == {"negative", "positive", "surprise", "none"}
    assert all(row.onset.exists() and row.apex.exists() for row in rows)
