"""A clip as pictures of the face: held still, of the right person, with what moved."""

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


def frames_of(clip):
    """Opens the clip, as `replay` wants it."""

    def open_frames():
        with closing(VideoFile(clip)) as video:
            yield from iter(video.read, None)

    return open_frames


def shift_px(one, other):
    """How far the middle of the face has moved, by phase correlation."""
    inner = np.s_[SIDE // 4 : 3 * SIDE // 4, SIDE // 4 : 3 * SIDE // 4]
    greys = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY)[inner].astype(np.float32) for p in (one, other)]
    (x, y), _ = cv2.phaseCorrelate(*greys)
    return float(np.hypot(x, y))


def test_the_head_is_held_still_and_nothing_is_said_to_move(landmark_model, portrait, tmp_path):
    (tmp_path / "clips").mkdir()
    went = write_clip(tmp_path, "0001", 2.0, portrait)
    frames = frames_of(tmp_path / "clips/0001.mp4")
    looks = list(replay(frames, LandmarkTracker(landmark_model)))
    assert len(looks) == len(went)
    assert np.diff([look.t_s for look in looks]) == pytest.approx(1 / 30, abs=1e-3)
    assert looks[0].picture.shape == (SIDE, SIDE, 3)
    assert max(shift_px(looks[0].picture, look.picture) for look in looks) < 0.5
    assert looks[0].centres.shape == looks[0].displacement.shape == (31, 2)
    assert max(np.abs(look.displacement).max() for look in looks) < 2
    assert all(look.gaze is not None for look in looks)


def alike(one, other):
    """Correlation of two pictures."""
    greys = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY).ravel() for p in (one, other)]
    return float(np.corrcoef(greys)[0, 1])


def test_of_two_people_the_one_who_moved_is_shown(landmark_model, two_people, tmp_path):
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path, "0001", 2.0, two_people, frames=12)
    frames = frames_of(tmp_path / "clips/0001.mp4")
    tracker = LandmarkTracker(landmark_model, max_faces=2)
    largest = [*replay(frames, tracker)][-1].picture
    tracker.reset()
    second = tracker.track(0, next(frames()).image)[1]
    looks = list(replay(frames, tracker, FacePosition(0.3, face_box(second.landmarks))))
    assert alike(largest, looks[0].picture) < 0.8
    # the smaller one is the larger one in a mirror
    assert min(alike(largest[:, ::-1], look.picture) for look in looks) > 0.9
    for elsewhere in ((480.0, 240.0, 530.0, 310.0), (5000.0, 240.0, 5050.0, 310.0)):
        nobody = replay(frames, tracker, FacePosition(0.3, elsewhere))
        assert all(look.gaze is None for look in nobody)


def test_without_a_face_the_whole_frame_is_shown(landmark_model, tmp_path):
    (tmp_path / "clips").mkdir()
    empty = np.full((96, 128, 3), 90, np.uint8)
    write_clip(tmp_path, "0001", 2.0, empty, frames=3)
    frames = frames_of(tmp_path / "clips/0001.mp4")
    looks = list(replay(frames, LandmarkTracker(landmark_model)))
    assert [look.picture[0, 0].tolist() for look in looks] == [[0, 0, 0]] * 3  # on black
    assert not any(look.displacement.any() for look in looks)
    (tmp_path / "clips/0001.mp4").write_bytes(b"nothing")
    with pytest.raises(SourceError):
        list(replay(frames, LandmarkTracker(landmark_model)))
