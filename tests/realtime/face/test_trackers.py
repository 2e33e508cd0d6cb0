"""One contract, two trackers; and what only the landmark model can be asked."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from realtime.errors import FaceModelError
from realtime.face.face import FaceTracker
from realtime.face.geometry import CANONICAL, eye_centres, inter_ocular
from realtime.face.head_pose import head_angles
from realtime.face.insightface import InsightFaceTracker, find_pack, lay_mesh, read_signs
from realtime.face.landmarker import LandmarkTracker
from tests.realtime.face.insight_pack import points_106, write_pack

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(params=["litert", "insightface"])
def tracker(request, tmp_path) -> FaceTracker:
    if request.param == "litert":
        return LandmarkTracker(request.getfixturevalue("landmark_model"))
    pytest.importorskip("insightface")
    return InsightFaceTracker(write_pack(tmp_path / "pack"))


def test_contract(tracker, portrait_frame):
    faces = tracker.track(0, portrait_frame)
    assert len(faces) == 1
    (face,) = faces
    assert face.landmarks.shape == (478, 3)
    assert face.landmarks.dtype == np.float32
    assert 0 <= face.score <= 1
    right, left = eye_centres(face.landmarks)
    assert right[0] < left[0]  # the person's right is on the left of the picture
    assert face.landmarks[152, 1] > left[1]  # the chin is below the eyes
    assert tracker.track(33_000_000, portrait_frame)[0].id == face.id
    tracker.reset()
    again = tracker.track(66_000_000, portrait_frame)[0]
    assert again.id != face.id
    assert np.array_equal(again.landmarks, face.landmarks)


def test_the_same_frames_give_the_same_bits(landmark_model, portrait):
    frames = [np.roll(portrait, (2 * k, 3 * k), axis=(0, 1)) for k in range(6)]

    def follow(tracker: LandmarkTracker) -> list[np.ndarray]:
        return [tracker.track(k * 33_000_000, f)[0].landmarks for k, f in enumerate(frames)]

    tracker = LandmarkTracker(landmark_model)
    first = follow(tracker)
    assert not np.array_equal(first[0], first[-1])
    tracker.reset()
    assert np.array_equal(first, follow(tracker))
    assert np.array_equal(first, follow(LandmarkTracker(landmark_model)))


def test_eyes_are_where_the_portrait_has_them(landmark_model, portrait):
    (face,) = LandmarkTracker(landmark_model).track(0, portrait)
    assert eye_centres(face.landmarks) == pytest.approx(np.array([[204, 101], [246, 104]]), abs=3)
    assert face.signs.blink_left < 0.4
    assert face.signs.jaw_open < 0.3


def test_two_faces_largest_first(landmark_model, portrait):
    head = portrait[0:256, 100:356]
    both = np.zeros((256, 448, 3), np.uint8)
    both[:192, :192] = cv2.resize(head, (192, 192), interpolation=cv2.INTER_AREA)
    both[:, 192:] = head
    faces = LandmarkTracker(landmark_model, max_faces=2).track(0, both)
    assert [f.id for f in faces] in ([0, 1], [1, 0])
    assert inter_ocular(faces[0].landmarks) > inter_ocular(faces[1].landmarks)
    assert len(LandmarkTracker(landmark_model).track(0, both)) == 1


def test_an_empty_picture_has_no_face(landmark_model):
    tracker = LandmarkTracker(landmark_model)
    for t in range(5):
        assert tracker.track(t * 33_000_000, np.zeros((480, 640, 3), np.uint8)) == ()


def test_a_lost_face_comes_back_as_another(landmark_model, portrait_frame):
    tracker, times = LandmarkTracker(landmark_model), iter(range(0, 10**10, 33_000_000))
    first = tracker.track(next(times), portrait_frame)[0].id
    for _ in range(8):
        assert tracker.track(next(times), np.zeros_like(portrait_frame)) == ()
    found = [tracker.track(next(times), portrait_frame) for _ in range(8)]
    assert found[-1][0].id == first + 1


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "with_face", "without"),
    [
        ("face_then_none.mov", slice(0, 60), slice(-60, None)),
        ("none_then_face.mov", slice(-61, -1), slice(0, 60)),  # its last frame is blank
    ],
)
def test_lost_and_found(landmark_model, media, name, with_face, without):
    tracker = LandmarkTracker(landmark_model)
    with av.open(str(media / name)) as clip:
        pictures = (f.to_ndarray(format="bgr24") for f in clip.decode(video=0))
        seen = [tracker.track(k * 38_000_000, f) for k, f in enumerate(pictures)]
    assert [[f.id for f in faces] for faces in seen[with_face]] == [[0]] * 60
    assert seen[without] == [()] * 60


def test_a_broken_model_file_is_refused(tmp_path):
    path = tmp_path / "face.task"
    path.write_bytes(b"no zip at all")
    with pytest.raises(FaceModelError, match="not a face landmark model"):
        LandmarkTracker(path)


def test_a_missing_pack_is_never_fetched(tmp_path):
    with pytest.raises(FaceModelError, match="--pack"):
        InsightFaceTracker(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_pack_can_be_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    pack = write_pack(tmp_path / ".insightface" / "models" / "buffalo_l")
    assert find_pack(Path("buffalo_l")) == find_pack(None) == find_pack(pack) == pack.resolve()


@pytest.mark.parametrize("damaged", ["det.onnx", "2d106det.onnx"])
def test_a_damaged_pack_is_refused(tmp_path, damaged):
    pytest.importorskip("insightface")
    model = write_pack(tmp_path) / damaged
    model.write_bytes(model.read_bytes()[:500])
    with pytest.raises(FaceModelError, match="damaged"):
        InsightFaceTracker(tmp_path)


def test_the_mesh_lies_over_the_106_points():
    points = points_106() * 100 + 200
    mesh = lay_mesh(points)
    right, left = eye_centres(mesh)
    assert right == pytest.approx(points[33:43].mean(axis=0), abs=6)
    assert left == pytest.approx(points[87:97].mean(axis=0), abs=6)
    assert mesh[152, :2] == pytest.approx(points[0], abs=12)


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (35, 0), (-35, 0), (0, 20), (15, -20)])
def test_the_laid_mesh_knows_how_the_head_is_turned(yaw, pitch):
    angles = head_angles(lay_mesh(seen_106(yaw, pitch)))
    assert angles.yaw == pytest.approx(yaw, abs=5)
    assert angles.pitch == pytest.approx(pitch, abs=5)


@pytest.mark.parametrize("tilt", [-30, 0, 15, 30])
def test_a_shut_eye_reads_shut_however_the_head_is_tilted(tilt):
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    shut = points_106() * 100
    height = shut[33:43, 1].mean()
    shut[33:43, 1] = height + 0.2 * (shut[33:43, 1] - height)
    signs = read_signs(shut @ np.array([[c, s], [-s, c]]))
    assert signs.blink_right > 0.9
    assert signs.blink_left < 0.1


def seen_106(yaw: float, pitch: float) -> np.ndarray:
    """106 points on the canonical face, turned by degrees: yaw to its left, pitch up."""
    a, b = np.radians([-yaw, -pitch])
    ry = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    rx = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    mesh = (CANONICAL @ (ry @ rx).T)[:, :2] * 80 + 200
    points = np.zeros((106, 2))
    points[33:43] = mesh[[33, 246, 160, 158, 133, 153, 144, 163, 159, 145]]
    points[87:97] = mesh[[263, 466, 387, 385, 362, 380, 373, 390, 386, 374]]
    points[43:52] = mesh[[70, 63, 105, 66, 107, 55, 65, 52, 53]]
    points[97:106] = mesh[[300, 293, 334, 296, 336, 285, 295, 282, 283]]
    points[52:72] = mesh[
        [61, 40, 37, 0, 267, 270, 78, 17, 308, 291, 91, 84, 82, 13, 312, 314, 317, 14, 87, 321]
    ]
    points[72:87] = mesh[[168, 197, 5, 4, 2, 196, 419, 129, 358, 98, 327, 97, 326, 122, 351]]
    points[0] = mesh[152]
    return points
