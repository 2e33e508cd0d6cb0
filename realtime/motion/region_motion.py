"""How far each region of the face has moved, with head motion removed.

Every crop is compared with the stabiliser's keyframe.  When that is renewed the signal goes
on from where it was (displacement at the keyframe plus displacement since), so it has no jump.

Pure; one face; displacements are pixels of the 224-pixel crop, whose IOD is 72 px.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.motion.head_motion import fit_rigid, to_iod
from realtime.motion.lucas_kanade import PRIOR, cut_patches, track_patches
from realtime.motion.regions import DEPTH, HALVES, REGIONS, RIGID, region_centres
from realtime.motion.stabiliser import Stabilised

MIN_NCC = 0.6  # a region below this was not found; its last displacement is kept

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Motion:
    """One frame's displacement of the 31 regions."""

    t_ns: int
    displacement: Array  # (31, 2) since the face was found, head motion removed
    ncc: Array  # (31,) how well each region was found, 1 at best
    head: Array  # (6,) the rigid fit since the keyframe: shift, scale, roll, yaw, pitch
    disturbance_px: float  # residual of the rigid fit on the skull
    broken: bool  # alignment was lost: this frame does not continue the one before


class RegionMotion:
    """Tracks the regions of one face from keyframe to keyframe.

    Args:
        prior: of `track_patches`.
        parallax: whether yaw and pitch of the head are removed besides shift, scale and roll.
    """

    def __init__(self, prior: float = PRIOR, parallax: bool = True) -> None:
        self._prior, self._parallax = prior, parallax
        self.reset()

    def reset(self) -> None:
        self._key = -1
        self._base = np.zeros((len(REGIONS), 2))
        self._displacement = np.zeros((len(REGIONS), 2))

    def measure(self, stabilised: Stabilised) -> Motion:
        """Measure one stabilised frame."""
        key = stabilised.keyframe
        if key.number != self._key:
            self._key = key.number
            self._patches = cut_patches(key.picture, region_centres(key.points), HALVES)
            self._centres = to_iod(self._patches.centres)
            self._shifts = np.zeros((len(REGIONS), 2))
            self._base = self._displacement
        found = track_patches(self._patches, stabilised.picture, self._shifts, self._prior)
        seen = found.ncc >= MIN_NCC
        self._shifts = np.where(seen[:, None], found.d, 0.0)
        fit = fit_rigid(
            found.d,
            self._centres,
            DEPTH,
            self._patches.hessian,
            np.where(seen, RIGID, 0.0),
            parallax=self._parallax,
        )
        moved = self._base + fit.residual
        self._displacement = np.where(seen[:, None], moved, self._displacement)
        return Motion(
            stabilised.t_ns,
            self._displacement,
            found.ncc,
            fit.coefficients,
            fit.disturbance_px,
            broken=not stabilised.steady,
        )
