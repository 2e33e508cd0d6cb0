"""Builds the compiled kernels of motion and spotting before the first frame needs them.

Called by `app.run`.  The first time on a machine this takes seconds; later a fraction of one.
"""

from __future__ import annotations

import time

import numpy as np

from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CROP_SIZE, canonical_in_crop
from realtime.motion.stabiliser import StabiliserConfig
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.spotter import SpotterConfig

_BROWS = np.s_[30:70]  # rows of the crop
_BUILT_S = 1.0  # three frames that take less were not compiled


def build_kernels(stabiliser: StabiliserConfig, spotter_config: SpotterConfig) -> None:
    """Run every one of them once, on a face that moves its brows."""
    start = time.monotonic()
    random = np.random.default_rng(0)
    still = random.integers(0, 255, (CROP_SIZE, CROP_SIZE), dtype=np.uint8)
    moved = still.copy()
    moved[_BROWS] = np.roll(moved[_BROWS], -1, axis=0)
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:468, :2] = canonical_in_crop()
    face = Face(0, landmarks, 1.0, FaceSigns(0.0, 0.0, 0.0, 0.0, 0.0))
    spotter = FaceSpotter(0, stabiliser, spotter_config)
    t_ns = 0
    for k in range(17):
        if k == 3 and time.monotonic() - start < _BUILT_S:
            break  # they are built already: those of a candidate load in a few frames' time
        spotter.spot(spotter.align(k, t_ns, moved if k == 14 else still, face), face)
        # the noise is known after two seconds; then the brows move, so that there is a candidate
        t_ns += 33_000_000 if k < 3 else 200_000_000
