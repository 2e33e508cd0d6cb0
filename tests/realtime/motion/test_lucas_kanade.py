import cv2
import numpy as np
import pytest

from realtime.motion.lucas_kanade import _interpolate, _sums, cut_patches, track_patches

SHIFTS = [(0.05, 0.0), (0.2, -0.3), (0.7, 0.4), (-1.5, 1.2)]


def texture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 60, (224, 224)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 2.0) * 4 + 128


def moved(picture: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """Shifted exactly, in the frequency domain."""
    fy, fx = np.meshgrid(np.fft.fftfreq(224), np.fft.fftfreq(224), indexing="ij")
    phase = np.exp(-2j * np.pi * (fx * dx + fy * dy))
    return np.fft.ifft2(np.fft.fft2(picture) * phase).real.astype(np.float32)


@pytest.mark.parametrize(("dx", "dy"), SHIFTS)
def test_finds_a_sub_pixel_shift_whatever_the_light(dx, dy):
    picture = texture()
    centres = np.array([[60.0, 60.0], [110.0, 90.0], [160.0, 150.0]])
    patches = cut_patches(picture, centres, np.array([12, 12, 12]))
    brighter = moved(picture, dx, dy) * 1.1 + 10
    found = track_patches(patches, brighter, np.zeros((3, 2)))
    assert found.d == pytest.approx(np.tile([dx, dy], (3, 1)), abs=0.02 + 0.02 * abs(dx))
    assert found.ncc.min() > 0.99


def test_prior_keeps_a_bare_patch_where_it_is():
    flat = np.full((224, 224), 128.0, np.float32)
    noise = np.random.default_rng(1).normal(0, 1, flat.shape).astype(np.float32)
    patches = cut_patches(flat + noise, np.array([[112.0, 112.0]]), np.array([12]))
    again = np.random.default_rng(2).normal(0, 1, flat.shape).astype(np.float32)
    found = track_patches(patches, flat + again, np.zeros((1, 2)))
    assert np.abs(found.d).max() < 0.3
    assert found.ncc[0] < 0.6


def test_patch_at_the_border_is_moved_inside():
    patches = cut_patches(texture(), np.array([[0.0, 223.0]]), np.array([10]))
    assert 12 <= patches.centres[0, 0] <= 211
    assert 12 <= patches.centres[0, 1] <= 211
    start = np.array([[-50.0, 50.0]])  # far outside: sampling must stay in the picture
    assert np.isfinite(track_patches(patches, texture(), start).d).all()


def test_a_square_between_pixels_and_its_sums_are_the_formula():
    random = np.random.default_rng(0)
    picture = random.uniform(0, 255, (40, 50)).astype(np.float32)
    grey, dx, dy = random.normal(0, 20, (3, 81)).astype(np.float32)
    sample = np.empty(100, np.float32)
    fx, fy = np.float32(0.3), np.float32(0.8)
    total = _interpolate(picture.ravel(), 12 * 50 + 7, 50, 9, fx, fy, sample)
    one = picture[12:22, 7:17].astype(np.float64)
    across = one[:, :-1] * (1 - fx) + one[:, 1:] * fx
    assert sample[:81].reshape(9, 9) == pytest.approx(across[:-1] * (1 - fy) + across[1:] * fy)
    assert total == pytest.approx(sample[:81].sum(), rel=1e-6)
    i = sample[:81].astype(np.float64)
    sums = i.sum(), (i * i).sum(), (i * grey).sum(), (i * dx).sum(), (i * dy).sum()
    assert _sums(sample[:81], grey, dx, dy) == pytest.approx(sums)
