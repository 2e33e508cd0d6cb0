from dataclasses import replace

import numpy as np
import pytest

from realtime.face.assessability import Assessable, assess
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CANONICAL, face_box
from realtime.face.head_pose import _nearest_rotation, head_angles

TEXTURE = np.random.default_rng(0).integers(60, 200, (480, 640), dtype=np.uint8)


def turned(yaw=0.0, pitch=0.0, roll=0.0, iod_px=80.0) -> Face:
    """The canonical face, turned by degrees: yaw to its left, pitch up, roll clockwise."""
    a, b, c = np.radians([-yaw, -pitch, roll])
    ry = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    rx = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    points = np.zeros((478, 3), np.float32)
    points[:468] = CANONICAL @ (rz @ ry @ rx).T * iod_px + [320, 200, 0]
    points[468:] = [320, 200, 0]
    return Face(0, points, 1.0, FaceSigns(0, 0, 0, 0, 0))


def cut(share: float) -> Face:
    """Facing the camera, with this share of its box left of the picture."""
    face = turned()
    left, _, right, _ = face_box(face.landmarks)
    away = np.array([left + share * (right - left), 0, 0], np.float32)
    return replace(face, landmarks=face.landmarks - away)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (20, 0, 0), (0, -15, 0), (0, 0, 10), (-25, 10, 5)]
)
def test_angles_of_a_turned_head(yaw, pitch, roll):
    angles = head_angles(turned(yaw, pitch, roll).landmarks)
    assert angles.yaw == pytest.approx(yaw, abs=3)
    assert angles.pitch == pytest.approx(pitch, abs=3)
    assert angles.roll == pytest.approx(roll, abs=5)


@pytest.mark.parametrize(
    ("face", "picture", "fps", "verdict"),
    [
        (turned(), TEXTURE, 30.0, Assessable.YES),
        (turned(), TEXTURE, 0.0, Assessable.YES),
        (None, TEXTURE, 30.0, Assessable.NO_FACE),
        (turned(iod_px=20), TEXTURE, 30.0, Assessable.TOO_SMALL),
        (turned(yaw=40), TEXTURE, 30.0, Assessable.TURNED_AWAY),
        (turned(pitch=-40), TEXTURE, 30.0, Assessable.TURNED_AWAY),
        (cut(0.1), TEXTURE, 30.0, Assessable.YES),
        (cut(0.25), TEXTURE, 30.0, Assessable.CUT_OFF),
        (cut(2.0), TEXTURE, 30.0, Assessable.CUT_OFF),
        (turned(), TEXTURE // 8, 30.0, Assessable.TOO_DARK),
        (turned(), np.full_like(TEXTURE, 128), 30.0, Assessable.TOO_DARK),
        (turned(), TEXTURE, 14.0, Assessable.LOW_RATE),
        (turned(), TEXTURE, 24.97, Assessable.YES),
    ],
)
def test_verdicts(face, picture, fps, verdict):
    assert assess(face, picture, fps) is verdict


@pytest.mark.parametrize(
    ("face", "picture", "verdict"),
    [
        (turned(iod_px=30), TEXTURE, Assessable.TOO_SMALL),
        (turned(yaw=31), TEXTURE, Assessable.TURNED_AWAY),
        (cut(0.21), TEXTURE, Assessable.CUT_OFF),
        (turned(), TEXTURE // 4 + 1, Assessable.TOO_DARK),
    ],
)
def test_a_face_that_is_judged_stays_so_a_little_past_a_limit(face, picture, verdict):
    assert assess(face, picture, 30.0) is verdict
    assert assess(face, picture, 30.0, judged=True) is Assessable.YES


@pytest.mark.parametrize(
    ("face", "picture", "fps", "verdict"),
    [
        (turned(iod_px=28), TEXTURE, 30.0, Assessable.TOO_SMALL),
        (turned(yaw=36), TEXTURE, 30.0, Assessable.TURNED_AWAY),
        (cut(0.25), TEXTURE, 30.0, Assessable.CUT_OFF),
        (turned(), TEXTURE // 8, 30.0, Assessable.TOO_DARK),
        (turned(), TEXTURE, 14.0, Assessable.LOW_RATE),
    ],
)
def test_and_no_longer_well_past_it_nor_at_a_lower_rate(face, picture, fps, verdict):
    assert assess(face, picture, fps, judged=True) is verdict


def test_the_nearest_rotation_is_the_singular_vectors_and_never_a_mirror_image():
    random = np.random.default_rng(0)
    for _ in range(200):
        moments = random.normal(size=(3, 3))
        u, _, vt = np.linalg.svd(moments)
        u[:, 2] *= np.sign(np.linalg.det(u @ vt))
        assert _nearest_rotation(moments) == pytest.approx(u @ vt, abs=1e-6)
