"""One contract, two trackers; and what only the landmark model can be asked."""

import av
import cv2
import numpy as np
import pytest

from realtime.errors import FaceModelError
from realtime.face.face import FaceTracker
from realtime.face.geometry import eye_centres, inter_ocular
from realtime.face.insightface import InsightFaceTracker, lay_mesh
from realtime.face.landmarker import LandmarkTracker
from tests.face.insight_pack import points_106, write_pack

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(params=["litert", "insightface"])
def tracker(request, tmp_path) -> FaceTracker:
    if request.param == "litert":
        return LandmarkTracker(request.getfixturevalue("landmark_model"))
    pytest.importorskip("insightface")
    return InsightFaceTracker(write_pack(tmp_path / "pack"))


def test_contract(tracker, portrait_frame):
    faces = tracker.update(0, portrait_frame)
    assert len(faces) == 1
    (face,) = faces
    assert face.landmarks.shape == (478, 3)
    assert face.landmarks.dtype == np.float32
    assert 0 <= face.score <= 1
    right, left = eye_centres(face.landmarks)
    assert right[0] < left[0]  # the person's right is on the left of the picture
    assert face.landmarks[152, 1] > left[1]  # the chin is below the eyes
    assert tracker.update(33_000_000, portrait_frame)[0].id == face.id
    tracker.reset()
    again = tracker.update(66_000_000, portrait_frame)[0]
    assert again.id != face.id
    assert np.array_equal(again.landmarks, face.landmarks)


def test_eyes_are_where_the_portrait_has_them(landmark_model, portrait):
    (face,) = LandmarkTracker(landmark_model).update(0, portrait)
    assert eye_centres(face.landmarks) == pytest.approx(np.array([[204, 101], [246, 104]]), abs=3)
    assert face.signs.blink_left < 0.4
    assert face.signs.jaw_open < 0.3


def test_two_faces_largest_first(landmark_model, portrait):
    head = portrait[0:256, 100:356]
    both = np.zeros((256, 448, 3), np.uint8)
    both[:192, :192] = cv2.resize(head, (192, 192), interpolation=cv2.INTER_AREA)
    both[:, 192:] = head
    faces = LandmarkTracker(landmark_model, max_faces=2).update(0, both)
    assert [f.id for f in faces] in ([0, 1], [1, 0])
    assert inter_ocular(faces[0].landmarks) > inter_ocular(faces[1].landmarks)
    assert len(LandmarkTracker(landmark_model).update(0, both)) == 1


def test_an_empty_picture_has_no_face(landmark_model):
    tracker = LandmarkTracker(landmark_model)
    for t in range(5):
        assert tracker.update(t * 33_000_000, np.zeros((480, 640, 3), np.uint8)) == ()


def test_a_lost_face_comes_back_as_another(landmark_model, portrait_frame):
    tracker, times = LandmarkTracker(landmark_model), iter(range(0, 10**10, 33_000_000))
    first = tracker.update(next(times), portrait_frame)[0].id
    for _ in range(8):
        assert tracker.update(next(times), np.zeros_like(portrait_frame)) == ()
    found = [tracker.update(next(times), portrait_frame) for _ in range(8)]
    assert found[-1][0].id == first + 1


@pytest.mark.media
def test_face_then_none(landmark_model, media):
    tracker = LandmarkTracker(landmark_model)
    with av.open(str(media / "face_then_none.mov")) as clip:
        frames = [f.to_ndarray(format="bgr24") for f in clip.decode(video=0)]
    seen = [len(tracker.update(k * 38_000_000, f)) for k, f in enumerate(frames)]
    assert min(seen[:60]) == 1
    assert max(seen[-60:]) == 0


def test_a_broken_model_file_is_refused(tmp_path):
    path = tmp_path / "face.task"
    path.write_bytes(b"no zip at all")
    with pytest.raises(FaceModelError, match="not a face landmark model"):
        LandmarkTracker(path)


def test_a_missing_pack_is_never_fetched(tmp_path):
    with pytest.raises(FaceModelError, match="--pack"):
        InsightFaceTracker(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_the_mesh_lies_over_the_106_points():
    points = points_106() * 100 + 200
    mesh = lay_mesh(points)
    right, left = eye_centres(mesh)
    assert right == pytest.approx(points[33:43].mean(axis=0), abs=6)
    assert left == pytest.approx(points[87:97].mean(axis=0), abs=6)
    assert mesh[152, :2] == pytest.approx(points[0], abs=12)
