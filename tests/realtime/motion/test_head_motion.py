import numpy as np
import pytest

from realtime.face.geometry import canonical_in_crop
from realtime.motion.head_motion import _solve, fit_rigid, similarity_of, to_iod
from realtime.motion.regions import DEPTH, REGIONS, RIGID, region_centres

CENTRES = region_centres(canonical_in_crop())
HESSIAN = np.tile([3000.0, 0.0, 3000.0], (len(REGIONS), 1))


def head_motion(tx, ty, s, w, a, b):
    x, y = to_iod(CENTRES).T
    return np.column_stack([tx + s * x - w * y + a * DEPTH, ty + s * y + w * x + b * DEPTH])


def test_recovers_shift_scale_roll_yaw_and_pitch():
    truth = (1.0, -0.5, 0.4, 0.8, 0.6, -0.3)
    fit = fit_rigid(head_motion(*truth), to_iod(CENTRES), DEPTH, HESSIAN, RIGID, parallax=True)
    assert fit.coefficients == pytest.approx(truth, abs=0.02)
    assert np.abs(fit.residual).max() < 0.02
    assert fit.support == pytest.approx(1.0)


def test_an_expression_stays_in_the_residual():
    shifts = head_motion(1.0, 0.5, 0.0, 0.5, 0.0, 0.0)
    brows = [i for i, r in enumerate(REGIONS) if r.name.startswith("inner brow")]
    shifts[brows, 1] -= 1.5
    fit = fit_rigid(shifts, to_iod(CENTRES), DEPTH, HESSIAN, RIGID, parallax=True)
    still = np.setdiff1d(np.arange(len(REGIONS)), brows)
    assert fit.residual[brows, 1] == pytest.approx([-1.5, -1.5], abs=0.15)
    assert np.abs(fit.residual[still]).max() < 0.15


def test_similarity_moves_points_as_the_coefficients_say():
    coefficients = np.array([1.0, -0.5, 0.4, 0.8, 0.0, 0.0])
    matrix = similarity_of(coefficients)
    moved = CENTRES @ matrix[:, :2].T + matrix[:, 2]
    assert moved - CENTRES == pytest.approx(head_motion(*coefficients), abs=1e-9)


def test_without_any_trusted_patch_nothing_is_removed():
    shifts = head_motion(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    fit = fit_rigid(shifts, to_iod(CENTRES), DEPTH, HESSIAN, np.zeros(len(REGIONS)), parallax=True)
    assert fit.residual == pytest.approx(shifts)
    assert fit.support == 0.0


def test_the_normal_equations_are_solved():
    random = np.random.default_rng(0)
    rows = random.normal(size=(20, 6))
    a, b, x = rows.T @ rows, random.normal(size=6), np.zeros(6)
    expected = np.linalg.solve(a, b)
    _solve(a, b, x)
    assert x == pytest.approx(expected)
