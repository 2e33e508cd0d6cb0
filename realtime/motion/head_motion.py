"""The head's own motion, fitted to the shifts of patches and removed from them.

    d = [tx + s·x − w·y + a·z,  ty + s·y + w·x + b·z]

tx, ty shift, s scale, w roll; a, b parallax, that is yaw and pitch by the depth z.
x, y, z are in IOD from the middle of the crop, d and every coefficient in crop pixels.  A patch
is weighted by its prior and by the information of its texture in each direction; patches that
disagree (an expression moves them) lose their weight over the rounds (Geman–McClure).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import CROP_EYES, CROP_IOD
from realtime.motion.quantiles import quantile

Array = NDArray[np.float64]

_ROUNDS = 5
_SCALE_PX = 0.25  # residuals up to this size are ordinary; it grows with their median
_AGREE_PX = 1.0  # a patch farther off than this does not support the fit
_GREY_NOISE = 3.0  # sensor noise of a blurred crop, grey levels
_MODEL_ERROR_PX = 0.12  # skin is not rigid: no patch has a smaller error than this


@dataclass(frozen=True, slots=True)
class RigidFit:
    coefficients: Array  # (6,) tx, ty, s, w, a, b in crop pixels
    residual: Array  # (n, 2) what is left of the shifts: the face's own motion
    disturbance_px: float  # weighted rms residual of the patches the fit rests on
    support: float  # share of the prior weight whose patches agree, [0, 1]


def to_iod(centres: NDArray[np.number]) -> Array:
    """Crop pixels (n, 2) to IOD from the middle of the eyes."""
    offset: Array = np.asarray(centres, np.float64) - np.array(CROP_EYES)
    return offset / CROP_IOD


def fit_rigid(
    shifts: Array,
    centres_iod: Array,
    depth_iod: Array,
    hessian: Array,
    weights: Array,
    *,
    parallax: bool,
) -> RigidFit:
    """Fit the six coefficients (four without `parallax`) to shifts (n, 2).

    Args:
        hessian: (n, 3) of the patches, Σdx², Σdx·dy, Σdy².
        weights: (n,) prior weight of each patch, 0 for one that must not count.
    """
    coefficients, residual, disturbance, support = _fit(
        shifts, centres_iod, depth_iod, hessian, weights, 6 if parallax else 4
    )
    return RigidFit(coefficients, residual, disturbance, support)


def similarity_of(coefficients: Array) -> Array:
    """The (2, 3) crop-pixel similarity x ↦ x + d(x) of tx, ty, s, w (parallax left out)."""
    tx, ty, s, w = coefficients[:4]
    s, w = s / CROP_IOD, w / CROP_IOD
    cx, cy = CROP_EYES
    return np.array(
        [[1 + s, -w, tx - s * cx + w * cy], [w, 1 + s, ty - s * cy - w * cx]],
    )


@numba.njit(nogil=True, cache=True)
def _fit(shifts, centres, depth, hessian, weights, unknowns):  # type: ignore[no-untyped-def]
    n = len(shifts)
    # information of one patch: (H⁻¹·noise² + error²·I)⁻¹, what its texture says about d
    info = np.zeros((n, 3))
    for r in range(n):
        a = hessian[r, 0] + 1.0
        b = hessian[r, 1]
        c = hessian[r, 2] + 1.0
        det = a * c - b * b
        noise = _GREY_NOISE * _GREY_NOISE / det
        p = c * noise + _MODEL_ERROR_PX**2
        q = -b * noise
        s = a * noise + _MODEL_ERROR_PX**2
        d2 = p * s - q * q
        # in units of the model error, so that a perfectly textured patch weighs 1
        info[r, 0] = s / d2 * _MODEL_ERROR_PX**2
        info[r, 1] = -q / d2 * _MODEL_ERROR_PX**2
        info[r, 2] = p / d2 * _MODEL_ERROR_PX**2

    rows = np.zeros((n, 2, 6))
    for r in range(n):
        x, y = centres[r]
        z = depth[r]
        rows[r, 0, 0] = 1.0
        rows[r, 0, 2] = x
        rows[r, 0, 3] = -y
        rows[r, 0, 4] = z
        rows[r, 1, 1] = 1.0
        rows[r, 1, 2] = y
        rows[r, 1, 3] = x
        rows[r, 1, 5] = z

    k = unknowns
    beta = np.zeros(6)
    residual = shifts.copy()
    robust = np.ones(n)
    size, sizes = np.zeros(n), np.zeros(n)
    normal, right = np.empty((k, k)), np.empty(k)
    for _ in range(_ROUNDS):
        for i in range(k):
            right[i] = 0.0
            for j in range(k):
                normal[i, j] = 1e-6 if i == j else 0.0
        for r in range(n):
            g = weights[r] * robust[r]
            if g <= 0:
                continue
            for i in range(k):
                ax = rows[r, 0, i]
                ay = rows[r, 1, i]
                gx = g * (ax * info[r, 0] + ay * info[r, 1])
                gy = g * (ax * info[r, 1] + ay * info[r, 2])
                right[i] += gx * shifts[r, 0] + gy * shifts[r, 1]
                for j in range(k):
                    normal[i, j] += gx * rows[r, 0, j] + gy * rows[r, 1, j]
        _solve(normal, right, beta)
        for r in range(n):
            for axis in range(2):
                value = shifts[r, axis]
                for i in range(k):
                    value -= rows[r, axis, i] * beta[i]
                residual[r, axis] = value
            size[r] = np.sqrt(residual[r, 0] ** 2 + residual[r, 1] ** 2)
        count = 0
        for r in range(n):
            if weights[r] > 0:
                sizes[count] = size[r]
                count += 1
        scale = _SCALE_PX
        if count:
            scale = max(_SCALE_PX, 1.5 * quantile(sizes[:count], 0.5))
        for r in range(n):
            robust[r] = 1.0 / (1.0 + (size[r] / scale) ** 2) ** 2

    squares = 0.0
    agreeing = 0.0
    kept = 0.0
    total = 1e-9
    for r in range(n):
        g = weights[r] * robust[r]
        squares += g * size[r] ** 2
        kept += g
        total += weights[r]
        if size[r] < _AGREE_PX:
            agreeing += weights[r]
    return beta, residual, np.sqrt(squares / max(kept, 1e-9)), agreeing / total


@numba.njit(nogil=True, cache=True)
def _solve(a, b, x):  # type: ignore[no-untyped-def]
    """x of a·x = b for a positive definite (k, k), by Cholesky's method; overwrites a and b."""
    k = len(b)
    for j in range(k):
        for m in range(j):
            a[j, j] -= a[j, m] ** 2
            b[j] -= a[j, m] * b[m]
        a[j, j] = np.sqrt(a[j, j])
        b[j] /= a[j, j]
        for i in range(j + 1, k):
            for m in range(j):
                a[i, j] -= a[i, m] * a[j, m]
            a[i, j] /= a[j, j]
    for j in range(k - 1, -1, -1):
        x[j] = b[j]
        for i in range(j + 1, k):
            x[j] -= a[i, j] * x[i]
        x[j] /= a[j, j]
