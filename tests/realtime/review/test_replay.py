from contextlib import closing

import cv2
import numpy as np
import pytest

from realtime.capture.video_file import VideoFile
from realtime.errors import SourceError
from realtime.face.geometry import face_box
from realtime.face.landmarker import LandmarkTracker
from realtime.review.replay import SIDE, FacePosition, replay
from tests.realtime.review.made_session import write_clip


def shift_px(one, other):
    """How far the middle of the face has moved, by phase correlation."""
    inner = np.s_[SIDE // 4 : 3 * SIDE // 4, SIDE // 4 : 3 * SIDE // 4]
    greys = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY)[inner].astype(np.float32) for p in (one, other)]
    (x, y), _ = cv2.phaseCorrelate(*greys)
    return float(np.hypot(x, y))


def test_the_head_is_held_still_and_the_frame_is_not(landmark_model, portrait, tmp_path):
    (tmp_path / "clips").mkdir()
    went = write_clip(tmp_path, "0001", 2.0, portrait)
    looks = replay(tmp_path / "clips/0001.mp4", LandmarkTracker(landmark_model))
    assert len(looks) == len(went)
    assert np.diff([look.t_s for look in looks]) == pytest.approx(1 / 30, abs=1e-3)
    first, last = looks[0], looks[-1]
    assert first.face.shape == first.whole.shape == (SIDE, SIDE, 3)
    whole_px = np.hypot(*np.subtract(went[-1], went[0])) * SIDE / 512
    assert shift_px(first.whole, last.whole) == pytest.approx(whole_px, rel=0.2)
    assert max(shift_px(first.face, look.face) for look in looks) < 0.5


def alike(one, other):
    """Correlation of two pictures."""
    greys = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY).ravel() for p in (one, other)]
    return float(np.corrcoef(greys)[0, 1])


def test_of_two_people_the_one_who_moved_is_shown(landmark_model, two_people, tmp_path):
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path, "0001", 2.0, two_people, frames=12)
    clip, tracker = tmp_path / "clips/0001.mp4", LandmarkTracker(landmark_model, max_faces=2)
    largest = replay(clip, tracker)[-1].face
    with closing(VideoFile(clip)) as video:
        tracker.reset()
        second = tracker.track(0, video.read().image)[1]
    looks = replay(clip, tracker, FacePosition(0.3, face_box(second.landmarks)))
    assert alike(largest, looks[0].face) < 0.8
    # the smaller one is the larger one in a mirror
    assert min(alike(largest[:, ::-1], look.face) for look in looks) > 0.9
    for elsewhere in ((480.0, 240.0, 530.0, 310.0), (5000.0, 240.0, 5050.0, 310.0)):
        nobody = replay(clip, tracker, FacePosition(0.3, elsewhere))
        assert all(look.face is look.whole for look in nobody)


def test_without_a_face_the_frame_is_shown(landmark_model, tmp_path):
    (tmp_path / "clips").mkdir()
    empty = np.full((96, 128, 3), 90, np.uint8)
    write_clip(tmp_path, "0001", 2.0, empty, frames=3)
    looks = replay(tmp_path / "clips/0001.mp4", LandmarkTracker(landmark_model))
    assert all(look.face is look.whole for look in looks)
    (tmp_path / "clips/0001.mp4").write_bytes(b"nothing")
    with pytest.raises(SourceError):
        replay(tmp_path / "clips/0001.mp4", LandmarkTracker(landmark_model))
