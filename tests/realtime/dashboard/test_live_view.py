"""What the screen is given of the analysis: lanes, the face's picture, its signal, its progress."""

import dataclasses

import numpy as np
import pytest

from realtime.capture.source import SourceInfo, SourceKind
from realtime.dashboard.live_view import LiveView
from realtime.dashboard.motion_history import LANES
from realtime.dashboard.run_progress import duration_s, left_s
from realtime.face.assessability import Assessable
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CROP_IOD, canonical_in_crop, inter_ocular
from realtime.spotting.frame_analysis import FaceAnalysis, FrameAnalysis
from realtime.spotting.onset import DetectorState

REST = FaceSigns(0.1, 0.1, 0.0, 0.0, 0.0)
IMAGE = np.full((300, 300, 3), 120, np.uint8)


def shown(signs=REST, *, moved_iod=0.0, state=DetectorState.RESTING):
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:468, :2] = np.add(canonical_in_crop(), (20 + moved_iod * CROP_IOD, 30))
    landmarks[468:] = landmarks[1]
    face = Face(0, landmarks, 1.0, signs)
    return FrameAnalysis((FaceAnalysis(face, Assessable.YES, state, (1.0,) * 5, None),), ())


def lanes_of(*frames):
    """Newest value of every lane after frames 1/30 s apart."""
    view = LiveView()
    for k, frame in enumerate(frames):
        view.note(k / 30, IMAGE, frame)
    return {lane.name: lane.values[-1] for lane in view.window().lanes}


def test_a_face_at_rest_fills_no_lane():
    assert lanes_of(*[shown()] * 30) == pytest.approx(dict.fromkeys(LANES, 0.0))


@pytest.mark.parametrize(
    ("frame", "lane"),
    [
        (shown(dataclasses.replace(REST, blink_left=0.6, blink_right=0.6)), "blink"),
        (shown(dataclasses.replace(REST, gaze_x=0.8)), "gaze"),
        (shown(state=DetectorState.SPEAKING), "speech"),
        (shown(moved_iod=0.1), "head"),
    ],
)
def test_each_lane_is_filled_by_its_own_movement_alone(frame, lane):
    lanes = lanes_of(*[shown()] * 30, frame)
    assert lanes.pop(lane) > 0.9
    assert lanes == pytest.approx(dict.fromkeys(lanes, 0.0), abs=0.05)


def test_the_picture_is_cut_around_the_face_with_its_regions_in_it():
    view = LiveView()
    assert view.picture() is None
    view.note(0.0, IMAGE, shown())
    picture = view.picture()
    height, width = picture.image.shape[:2]
    assert picture.regions.shape == (31, 2)
    assert (picture.regions >= 0).all()
    assert (picture.regions <= (width, height)).all()
    assert picture.iod_px == pytest.approx(inter_ocular(shown().largest.face.landmarks))


def test_quality_is_of_the_face_and_unknown_without_one():
    view = LiveView()
    assert view.quality(0.0, 30.0) is None
    view.note(0.0, IMAGE, shown())
    quality = view.quality(0.0, 30.0)
    assert (quality.fps, round(quality.grey)) == (30.0, 120)
    view.note_pause(0.1)
    assert view.quality(0.1, 30.0) is None
    assert view.picture() is None


@pytest.mark.parametrize(
    ("frames", "fps", "most_s", "length_s"),
    [(900, 30.0, float("inf"), 30.0), (900, 30.0, 5.0, 5.0), (None, 30.0, float("inf"), None)],
)
def test_the_length_of_a_file_and_what_is_left_of_it(frames, fps, most_s, length_s):
    info = SourceInfo(SourceKind.FILE, "film", 640, 480, None, fps, False, frames)
    assert duration_s(info, most_s) == length_s
    if length_s is not None:
        assert left_s(length_s, 2.0, 4.0) == pytest.approx(2 * (length_s - 2.0))
        assert left_s(length_s, 0.0, 4.0) is None
