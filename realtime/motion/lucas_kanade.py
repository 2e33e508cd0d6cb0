"""Sub-pixel motion of small patches between two aligned crops: Lucas–Kanade with a prior.

For a patch of the keyframe K the shift d of the same patch in the picture I minimises

    Σ (g·(I(x + d) − mI) − (K(x) − mK))² + λ·|d|²

with means mI, mK and gain g removed, so that light may change.  The prior λ keeps patches
without texture (skin, the lip line in a poor video) from slipping along their own edges.  The
keyframe's gradients are used for the picture's: they are computed once per keyframe.  So a step
needs five sums over the patch of I, the rest was summed with the keyframe.

All lengths are pixels of the 224-pixel crop, intensities are grey levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

PRIOR = 300.0  # λ, grey² summed over a patch; 100–600 makes no difference
_STEPS = 8  # Gauss–Newton steps at most; a warm start needs two or three
_SETTLED_PX = 0.002
_GAIN = (0.6, 1.6)  # a patch whose contrast changed more than this was not found

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Patches:
    """Patches of one keyframe, ready to be tracked in other crops."""

    centres: NDArray[np.int64]  # (n, 2) x, y
    halves: NDArray[np.int64]  # (n,) a patch is 2·half + 1 wide
    grey: Float  # (n, w²) row behind row, with its mean taken out; w the widest patch
    dx: Float  # (n, w²)
    dy: Float  # (n, w²)
    hessian: NDArray[np.float64]  # (n, 3) Σdx², Σdx·dy, Σdy²
    sums: NDArray[np.float64]  # (n, 6) Σgrey, Σgrey², Σdx, Σdy, Σdx·grey, Σdy·grey

    def __len__(self) -> int:
        return len(self.centres)


@dataclass(frozen=True, slots=True)
class Shifts:
    """Shifts of the patches."""

    d: NDArray[np.float64]  # (n, 2) x, y pixels
    ncc: NDArray[np.float64]  # (n,) normalised cross-correlation at d; below 0.6 distrust it


def cut_patches(
    picture: Float, centres: NDArray[np.floating], halves: NDArray[np.integer]
) -> Patches:
    """Patches of `picture` (h, w) around `centres` (n, 2), moved inside where they reach out."""
    height, width = picture.shape
    half = np.asarray(halves, np.int64)
    at = np.rint(np.asarray(centres, np.float64)).astype(np.int64)
    margin = half + 2
    at[:, 0] = np.clip(at[:, 0], margin, width - 1 - margin)
    at[:, 1] = np.clip(at[:, 1], margin, height - 1 - margin)
    grey, dx, dy, hessian, sums = _cut(picture, at, half, int(2 * half.max() + 1))
    return Patches(at, half, grey, dx, dy, hessian, sums)


def track_patches(
    patches: Patches, picture: Float, start: NDArray[np.float64], prior: float = PRIOR
) -> Shifts:
    """Track every patch in `picture` (h, w), starting at the shifts `start` (n, 2)."""
    d, ncc = _track(
        picture,
        patches.centres,
        patches.halves,
        patches.grey,
        patches.dx,
        patches.dy,
        patches.hessian,
        patches.sums,
        start,
        prior,
    )
    return Shifts(d, ncc)


@numba.njit(nogil=True, cache=True)
def _cut(picture, centres, halves, widest):  # type: ignore[no-untyped-def]
    n = len(centres)
    grey = np.zeros((n, widest * widest), np.float32)
    dx = np.zeros((n, widest * widest), np.float32)
    dy = np.zeros((n, widest * widest), np.float32)
    hessian = np.zeros((n, 3))
    sums = np.zeros((n, 6))
    for r in range(n):
        h = halves[r]
        cx, cy = centres[r]
        size = 2 * h + 1
        mean = 0.0
        for j in range(size):
            for i in range(size):
                y, x = cy - h + j, cx - h + i
                mean += picture[y, x]
                gx = 0.5 * (picture[y, x + 1] - picture[y, x - 1])
                gy = 0.5 * (picture[y + 1, x] - picture[y - 1, x])
                dx[r, j * size + i] = gx
                dy[r, j * size + i] = gy
                hessian[r, 0] += gx * gx
                hessian[r, 1] += gx * gy
                hessian[r, 2] += gy * gy
        mean /= size * size
        for j in range(size):
            for i in range(size):
                k = j * size + i
                grey[r, k] = picture[cy - h + j, cx - h + i] - mean
                sums[r, 0] += grey[r, k]
                sums[r, 1] += grey[r, k] * grey[r, k]
                sums[r, 2] += dx[r, k]
                sums[r, 3] += dy[r, k]
                sums[r, 4] += dx[r, k] * np.float64(grey[r, k])
                sums[r, 5] += dy[r, k] * np.float64(grey[r, k])
    return grey, dx, dy, hessian, sums


@numba.njit(nogil=True, cache=True, fastmath=True)
def _track(picture, centres, halves, grey, dx, dy, hessian, sums, start, prior):  # type: ignore[no-untyped-def]
    height, width = picture.shape
    pixels = picture.ravel()
    n = len(centres)
    out = np.zeros((n, 2))
    ncc = np.zeros(n)
    sample = np.empty(grey.shape[1], np.float32)
    for r in range(n):
        h = halves[r]
        size = 2 * h + 1
        count = size * size
        cx, cy = centres[r]
        a = hessian[r, 0] + prior
        b = hessian[r, 1]
        c = hessian[r, 2] + prior
        det = a * c - b * b
        k, k_k, x, y, x_k, y_k = sums[r]
        u, v = start[r]
        for step in range(_STEPS + 1):
            # the patch must stay inside the picture, or bilinear sampling would read past it
            u = min(max(u, h + 1.0 - cx), width - 3.0 - h - cx)
            v = min(max(v, h + 1.0 - cy), height - 3.0 - h - cy)
            x0 = int(np.floor(cx - h + u))
            y0 = int(np.floor(cy - h + v))
            fx = np.float32(cx - h + u - x0)
            fy = np.float32(cy - h + v - y0)
            mean = _interpolate(pixels, y0 * width + x0, width, size, fx, fy, sample) / count
            i, i_i, i_k, x_i, y_i = _sums(
                sample[:count], grey[r, :count], dx[r, :count], dy[r, :count]
            )
            here = i_i - mean * (2 * i - mean * count) + 1e-6
            there = k_k + 1e-6
            ncc[r] = (i_k - mean * k) / np.sqrt(here * there)
            if step == _STEPS:
                break
            gain = min(max(np.sqrt(there / here), _GAIN[0]), _GAIN[1])
            ex = prior * u + gain * (x_i - mean * x) - x_k
            ey = prior * v + gain * (y_i - mean * y) - y_k
            du = -(c * ex - b * ey) / det
            dv = -(a * ey - b * ex) / det
            u += du
            v += dv
            if abs(du) + abs(dv) < _SETTLED_PX:
                break
        out[r, 0] = u
        out[r, 1] = v
    return out, ncc


@numba.njit(nogil=True, cache=True, fastmath=True)
def _interpolate(pixels, first, width, size, fx, fy, sample):  # type: ignore[no-untyped-def]
    """The square of `size` that lies fx, fy past pixel `first` of a picture, row behind row.

    Returns its sum, which is of the values before they are rounded to single precision.
    Rows are contiguous slices and no index can be below 0: only so is it compiled to SIMD.
    """
    w00 = (1 - fx) * (1 - fy)
    w10 = fx * (1 - fy)
    w01 = (1 - fx) * fy
    w11 = fx * fy
    total = 0.0
    for j in range(size):
        at = first + j * width
        top = pixels[at : at + size + 1]
        bottom = pixels[at + width : at + width + size + 1]
        row = sample[j * size : (j + 1) * size]
        for i in range(size):
            value = w00 * top[i] + w10 * top[i + 1] + w01 * bottom[i] + w11 * bottom[i + 1]
            row[i] = value
            total += value
    return total


@numba.njit(nogil=True, cache=True, fastmath=True)
def _sums(sample, grey, dx, dy):  # type: ignore[no-untyped-def]
    """ΣI, ΣI², ΣI·K, Σdx·I, Σdy·I, in double precision: means are removed afterwards."""
    i = i_i = i_k = x_i = y_i = 0.0
    for p in range(len(sample)):
        value = np.float64(sample[p])
        i += value
        i_i += value * value
        i_k += value * grey[p]
        x_i += value * dx[p]
        y_i += value * dy[p]
    return i, i_i, i_k, x_i, y_i
