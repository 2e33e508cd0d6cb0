"""Sub-pixel motion of small patches between two aligned crops: Lucas–Kanade with a prior.

For a patch of the keyframe K the shift d of the same patch in the picture I minimises

    Σ (g·(I(x + d) − mI) − (K(x) − mK))² + λ·|d|²

with means mI, mK and gain g taken out, so that light may change.  The prior λ keeps patches
without texture (skin, the lip line in a poor video) from slipping along their own edges.  The
keyframe's gradients stand in for the picture's: they are computed once per keyframe.

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
_GAIN = (0.6, 1.6)  # a patch whose contrast changed more than this is another thing

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Patches:
    """Patches of one keyframe, ready to be looked for in other crops."""

    centres: NDArray[np.int64]  # (n, 2) x, y
    halves: NDArray[np.int64]  # (n,) a patch is 2·half + 1 wide
    grey: Float  # (n, w, w) with its mean taken out, w the widest patch
    dx: Float  # (n, w, w)
    dy: Float  # (n, w, w)
    hessian: NDArray[np.float64]  # (n, 3) Σdx², Σdx·dy, Σdy²

    def __len__(self) -> int:
        return len(self.centres)


@dataclass(frozen=True, slots=True)
class Shifts:
    """Where the patches went."""

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
    grey, dx, dy, hessian = _cut(picture, at, half, int(2 * half.max() + 1))
    return Patches(at, half, grey, dx, dy, hessian)


def track_patches(
    patches: Patches, picture: Float, start: NDArray[np.float64], prior: float = PRIOR
) -> Shifts:
    """Find every patch in `picture` (h, w), looking first at the shifts `start` (n, 2)."""
    d, ncc = _track(
        picture,
        patches.centres,
        patches.halves,
        patches.grey,
        patches.dx,
        patches.dy,
        patches.hessian,
        start,
        prior,
    )
    return Shifts(d, ncc)


@numba.njit(nogil=True, cache=True)
def _cut(picture, centres, halves, widest):  # type: ignore[no-untyped-def]
    n = len(centres)
    grey = np.zeros((n, widest, widest), np.float32)
    dx = np.zeros((n, widest, widest), np.float32)
    dy = np.zeros((n, widest, widest), np.float32)
    hessian = np.zeros((n, 3))
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
                dx[r, j, i] = gx
                dy[r, j, i] = gy
                hessian[r, 0] += gx * gx
                hessian[r, 1] += gx * gy
                hessian[r, 2] += gy * gy
        mean /= size * size
        for j in range(size):
            for i in range(size):
                grey[r, j, i] = picture[cy - h + j, cx - h + i] - mean
    return grey, dx, dy, hessian


@numba.njit(nogil=True, cache=True, fastmath=True)
def _track(picture, centres, halves, grey, dx, dy, hessian, start, prior):  # type: ignore[no-untyped-def]
    height, width = picture.shape
    n = len(centres)
    out = np.zeros((n, 2))
    ncc = np.zeros(n)
    sample = np.empty((grey.shape[1], grey.shape[2]), np.float32)
    for r in range(n):
        h = halves[r]
        size = 2 * h + 1
        count = size * size
        cx, cy = centres[r]
        a = hessian[r, 0] + prior
        b = hessian[r, 1]
        c = hessian[r, 2] + prior
        det = a * c - b * b
        u, v = start[r]
        for step in range(_STEPS + 1):
            # the patch must stay inside the picture, or bilinear sampling would read past it
            u = min(max(u, h + 1.0 - cx), width - 3.0 - h - cx)
            v = min(max(v, h + 1.0 - cy), height - 3.0 - h - cy)
            x0 = int(np.floor(cx - h + u))
            y0 = int(np.floor(cy - h + v))
            fx = np.float32(cx - h + u - x0)
            fy = np.float32(cy - h + v - y0)
            w00 = (1 - fx) * (1 - fy)
            w10 = fx * (1 - fy)
            w01 = (1 - fx) * fy
            w11 = fx * fy
            total = 0.0
            window = picture[y0 : y0 + size + 1, x0 : x0 + size + 1]  # no index below 0: SIMD
            for j in range(size):
                for i in range(size):
                    value = (
                        w00 * window[j, i]
                        + w10 * window[j, i + 1]
                        + w01 * window[j + 1, i]
                        + w11 * window[j + 1, i + 1]
                    )
                    sample[j, i] = value
                    total += value
            mean = total / count
            here = 1e-6
            there = 1e-6
            both = 0.0
            for j in range(size):
                for i in range(size):
                    s = sample[j, i] - mean
                    k = grey[r, j, i]
                    here += s * s
                    there += k * k
                    both += s * k
            ncc[r] = both / np.sqrt(here * there)
            if step == _STEPS:
                break
            gain = min(max(np.sqrt(there / here), _GAIN[0]), _GAIN[1])
            ex = prior * u
            ey = prior * v
            for j in range(size):
                for i in range(size):
                    e = gain * (sample[j, i] - mean) - grey[r, j, i]
                    ex += dx[r, j, i] * e
                    ey += dy[r, j, i] * e
            du = -(c * ex - b * ey) / det
            dv = -(a * ey - b * ex) / det
            u += du
            v += dv
            if abs(du) + abs(dv) < _SETTLED_PX:
                break
        out[r, 0] = u
        out[r, 1] = v
    return out, ncc
