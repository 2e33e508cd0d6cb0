"""The landmark network runs when a face has changed; in between its mesh stays on the face."""

import math

import cv2
import numpy as np
import pytest

from realtime.demo.subject import DemoSubject
from realtime.face.geometry import apply_transform, inter_ocular
from realtime.face.held_face import HeldFace
from realtime.face.landmarker import LandmarkTracker

FPS = 30


@pytest.fixture
def tracker(landmark_model) -> LandmarkTracker:
    return LandmarkTracker(landmark_model)


@pytest.fixture
def runs(tracker, monkeypatch) -> list[int]:
    """Grows by one at every run of the network."""
    runs, fit = [], tracker._mesh.fit
    monkeypatch.setattr(tracker._mesh, "fit", lambda *given: (runs.append(1), fit(*given))[1])
    return runs


@pytest.mark.parametrize(
    ("shift_px", "roll_deg", "scale", "light"),
    [((0, 0), 0, 1, 1), ((9, -5), 0, 1, 1), ((3, 2), 2.5, 1.02, 1), ((-4, 3), 0, 1, 0.8)],
)
def test_the_mesh_moves_with_the_face(tracker, portrait, shift_px, roll_deg, scale, light):
    (face,) = tracker.track(0, portrait)
    move = cv2.getRotationMatrix2D((225.0, 110.0), roll_deg, scale)
    move[:, 2] += shift_px
    moved = cv2.warpAffine(portrait, move, portrait.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    held, change = HeldFace(0, portrait, face).follow(cv2.convertScaleAbs(moved, alpha=light))
    true = apply_transform(move, face.landmarks[:, :2])
    assert np.abs(held.landmarks[:, :2] - true).max() < 0.01 * inter_ocular(face.landmarks)
    depth = np.hypot(move[0, 0], move[0, 1])
    assert held.landmarks[:, 2] == pytest.approx(depth * face.landmarks[:, 2], rel=0.01, abs=0.1)
    assert change.skull < 0.15
    assert change.eyes < 0.2


def test_a_face_at_rest_is_seen_by_the_network_every_sixth_of_a_second(tracker, runs, portrait):
    tracker.track(0, portrait)
    runs.clear()
    for k in range(1, 1 + 2 * FPS):
        tracker.track(k * 10**9 // FPS, portrait)
    assert len(runs) == 2 * FPS // math.ceil(0.15 * FPS)


def test_a_blink_is_timed_to_one_frame(landmark_model, tracker, runs):
    subject = DemoSubject(seed=0, seconds=40, fps=FPS)
    first = round((subject.screenplay.blinks[0].start_s - 0.5) * FPS)
    seen, alone = [], LandmarkTracker(landmark_model)
    for k in range(first, first + round(1.2 * FPS)):
        image, t_ns = subject.frame(k), k * 10**9 // FPS
        (held,), (every,) = tracker.track(t_ns, image), alone.track(t_ns * 10, image)
        seen.append((held.signs.blink_left, every.signs.blink_left))
    held_blink, blink = np.array(seen).T
    assert blink.max() > blink[0] + 0.2  # it did blink
    assert np.abs(held_blink - blink).max() < 0.1
    assert held_blink.argmax() == pytest.approx(blink.argmax(), abs=1)
    assert len(runs) < 0.7 * len(seen)


def test_another_picture_is_seen_by_the_network(tracker, runs, portrait):
    tracker.track(0, portrait)
    runs.clear()
    tracker.track(33_000_000, portrait[:, ::-1].copy())
    assert runs


def test_times_that_go_back_are_seen_by_the_network(tracker, runs, portrait):
    tracker.track(10**9, portrait)
    runs.clear()
    tracker.track(10**9, portrait)
    assert runs
