import numpy as np
import pytest

from realtime.face import geometry as g


def landmarks(scale=1.7, turn=0.3, shift=(40.0, -12.0)) -> np.ndarray:
    """The canonical face, scaled, turned by radians and shifted."""
    c, s = np.cos(turn) * scale, np.sin(turn) * scale
    points = np.zeros((478, 3), np.float32)
    points[:468, :2] = g.canonical_in_crop() @ np.array([[c, s], [-s, c]]) + shift
    return points


def test_the_crop_is_the_same_wherever_the_face_lies():
    points = landmarks()
    placed = g.apply_transform(g.crop_transform(points), points[:468, :2])
    assert placed == pytest.approx(g.canonical_in_crop(), abs=1e-3)


def test_the_canonical_face_has_its_eyes_where_the_crop_says():
    canonical = g.canonical_in_crop()
    assert g.inter_ocular(canonical) == pytest.approx(g.CROP_IOD, abs=0.1)
    assert g.eye_centres(canonical).mean(axis=0) == pytest.approx(g.CROP_EYES, abs=0.1)
    assert canonical.min() > 0
    assert canonical.max() < g.CROP_SIZE


def test_alignment_does_not_follow_brows_lids_or_jaw():
    points = landmarks()
    talking = points.copy()
    jaw = np.flatnonzero(g.CANONICAL[:, 1] > 0.75)
    talking[jaw, 1] += 9.0
    talking[[55, 65, 52, 159, 145], 1] -= 4.0
    assert g.crop_transform(talking) == pytest.approx(g.crop_transform(points))


@pytest.mark.parametrize("scale", [0.3, 4.0])
def test_inter_ocular_distance_scales_with_the_face(scale):
    assert g.inter_ocular(landmarks(scale)) == pytest.approx(scale * g.CROP_IOD, rel=1e-3)


def test_the_crop_is_the_least_squares_similarity():
    points = landmarks()
    points[:468, :2] += np.random.default_rng(0).normal(0, 3, (468, 2))
    used, target = points[g.RIGID_POINTS], g.canonical_in_crop()[g.RIGID_POINTS]
    x, y, one, zero = used[:, 0], used[:, 1], np.ones(len(used)), np.zeros(len(used))
    # c, d, tx, ty of (c·x − d·y + tx, d·x + c·y + ty)
    design = np.concatenate([np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)])
    (c, d, tx, ty), *_ = np.linalg.lstsq(design.astype(np.float64), target.T.ravel())
    assert g.crop_transform(points) == pytest.approx(np.array([[c, -d, tx], [d, c, ty]]))
