"""Small faces in large frames: found by tiles, at a bounded number of detector runs a frame."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.demo.portrait import portrait, portrait_landmarks
from realtime.face.blazeface import FaceDetector
from realtime.face.face import Face
from realtime.face.face_search import RUNS_A_FRAME
from realtime.face.geometry import eye_centres, inter_ocular
from realtime.face.landmarker import LandmarkTracker
from realtime.face.tiles import Tile, tiles

HD, UHD = (1280, 720), (3840, 2160)
STEP_NS = 33_333_333
PLACES = ((0.06, 0.12), (0.5, 0.5), (0.39, 0.71), (0.93, 0.86))  # shares of width and height


def texture(size: tuple[int, int], seed: int = 5) -> NDArray[np.uint8]:
    """Noise at five scales, no face."""
    rng = np.random.default_rng(seed)
    width, height = size
    grey = np.zeros((height, width), np.float32)
    for cell in (4, 16, 64, 128, 256):
        coarse = rng.normal(0, 14, (height // cell + 2, width // cell + 2)).astype(np.float32)
        grey += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return np.repeat(np.clip(grey + 110, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def with_face(
    frame: NDArray[np.uint8], iod: float, place: tuple[float, float]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The frame with the portrait's head in it, and where the middle of the eyes is."""
    eyes = eye_centres(portrait_landmarks())
    scale = iod / float(np.hypot(*(eyes[1] - eyes[0])))
    head = portrait()[0:290, 110:345]
    middle = scale * (eyes.mean(axis=0) - [110, 0])
    small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    left = round(np.clip(place[0] * frame.shape[1] - width / 2, 0, frame.shape[1] - width))
    top = round(np.clip(place[1] * frame.shape[0] - height / 2, 0, frame.shape[0] - height))
    pasted = frame.copy()
    pasted[top : top + height, left : left + width] = small
    return pasted, middle + np.array([left, top])


def frames_of_a_round(size: tuple[int, int]) -> int:
    return -(-len(tiles(*size)) // (RUNS_A_FRAME - 1))


def found_within(
    tracker: LandmarkTracker, frame: NDArray[np.uint8], frames: int, first: int = 0
) -> Face | None:
    for number in range(first, first + frames):
        faces = tracker.track(number * STEP_NS, frame)
        if faces:
            return faces[0]
    return None


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes that the detector was given."""
    shapes: list[tuple[int, ...]] = []
    detect = FaceDetector.detect

    def counted(self: FaceDetector, image: NDArray[np.uint8]):  # type: ignore[no-untyped-def]
        shapes.append(image.shape)
        return detect(self, image)

    monkeypatch.setattr(FaceDetector, "detect", counted)
    return shapes


@pytest.mark.parametrize("iod", [32, 45])
@pytest.mark.parametrize("size", [HD, UHD])
def test_a_small_face_is_found_within_one_round(landmark_model, size, iod):
    empty = texture(size)
    tracker = LandmarkTracker(landmark_model)
    for place in PLACES:
        tracker.reset()
        frame, eyes = with_face(empty, iod, place)
        face = found_within(tracker, frame, frames_of_a_round(size))
        assert face is not None, place
        assert eye_centres(face.landmarks).mean(axis=0) == pytest.approx(eyes, abs=0.15 * iod)
        assert inter_ocular(face.landmarks) == pytest.approx(iod, rel=0.1)


def test_a_round_takes_less_than_a_second_at_30_fps():
    assert frames_of_a_round(HD) <= 3
    assert frames_of_a_round(UHD) <= 30


@pytest.mark.parametrize("size", [HD, UHD])
def test_texture_without_a_face_has_none(landmark_model, size):
    frame = texture(size, seed=6)
    tracker = LandmarkTracker(landmark_model)
    assert found_within(tracker, frame, frames_of_a_round(size)) is None


def test_a_frame_costs_a_bounded_number_of_detector_runs(landmark_model, runs):
    tracker, frame = LandmarkTracker(landmark_model), texture(UHD)
    for number in range(5):
        runs.clear()
        assert tracker.track(number * STEP_NS, frame) == ()
        assert len(runs) == RUNS_A_FRAME
        assert runs[0] == frame.shape  # the whole frame keeps its turn


def test_a_followed_face_costs_no_detector_run(landmark_model, portrait_frame, runs):
    tracker = LandmarkTracker(landmark_model)
    tracker.track(0, portrait_frame)
    runs.clear()
    for number in range(1, 40):
        assert len(tracker.track(number * STEP_NS, portrait_frame)) == 1
    assert runs == []


def test_a_missing_further_face_is_searched_twice_a_second(landmark_model, runs):
    frame, _ = with_face(texture(HD), 90, (0.3, 0.5))
    tracker = LandmarkTracker(landmark_model, max_faces=2)
    assert len(tracker.track(0, frame)) == 1
    runs.clear()
    for number in range(1, 61):
        tracker.track(number * STEP_NS, frame)
    assert RUNS_A_FRAME * 3 <= len(runs) <= RUNS_A_FRAME * 4


def test_a_further_small_face_is_found(landmark_model):
    one, _ = with_face(texture(HD), 90, (0.3, 0.5))
    both, eyes = with_face(one, 32, (0.85, 0.3))
    tracker = LandmarkTracker(landmark_model, max_faces=2)
    seen = [tracker.track(number * STEP_NS, both) for number in range(61)]
    assert [face.id for face in seen[-1]] == [0, 1]
    found = eye_centres(seen[-1][1].landmarks).mean(axis=0)
    assert found == pytest.approx(eyes, abs=5)


def test_a_larger_face_takes_the_place_of_a_small_one(landmark_model):
    """Who sits down at the desk is followed, not the picture on the wall behind."""
    poster, _ = with_face(texture(HD), 32, (0.85, 0.2))
    tracker = LandmarkTracker(landmark_model)
    small = found_within(tracker, poster, 3)
    assert small is not None
    person, eyes = with_face(poster, 90, (0.4, 0.6))
    seen = [tracker.track(number * STEP_NS, person) for number in range(3, 35)]
    (face,) = seen[-1]
    assert face.id == small.id + 1
    assert eye_centres(face.landmarks).mean(axis=0) == pytest.approx(eyes, abs=10)
    # and the smaller one does not take it back
    later = [tracker.track(number * STEP_NS, person) for number in range(35, 70)]
    assert {f.id for faces in later for f in faces} == {face.id}


def test_the_same_frames_give_the_same_faces(landmark_model):
    frame, _ = with_face(texture(HD), 32, (0.9, 0.8))
    first, second = LandmarkTracker(landmark_model), LandmarkTracker(landmark_model)
    second.track(0, texture(HD))  # begins a round, and forgets it
    second.reset()
    for number in range(4):
        a, b = (t.track(number * STEP_NS, frame) for t in (first, second))
        assert [(f.id, f.landmarks.tobytes()) for f in a] == [
            (f.id, f.landmarks.tobytes()) for f in b
        ]


@pytest.mark.parametrize("size", [(640, 480), HD, (1080, 1920), UHD, (2000, 513)])
def test_tiles_cover_the_frame_at_each_scale_and_overlap(size):
    width, height = size
    by_side: dict[int, list[Tile]] = {}
    for tile in tiles(width, height):
        assert 0 <= tile.left <= width - tile.width
        assert 0 <= tile.top <= height - tile.height
        by_side.setdefault(max(tile.width, tile.height), []).append(tile)
    assert list(by_side) == sorted(by_side, reverse=True)
    assert min(by_side) == 512
    for side, same in by_side.items():
        covered = np.zeros((height, width), bool)
        for tile in same:
            tile.cut_from(covered)[:] = True
        assert covered.all()
        for a, b in pairwise(sorted({tile.left for tile in same})):
            assert b - a <= 0.76 * side


def test_a_small_frame_has_no_tiles():
    assert tiles(320, 240) == ()
    assert tiles(400, 300) == ()
