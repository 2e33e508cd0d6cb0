"""The thirty-one patches of a face whose motion is measured, and what each one is used for.

A region sits on the mean of a few landmarks.  `stream` is the group it is scored with,
`au_region` the region of the paper (1..6) it counts for, `rigid` how far the skull alone moves
it: 1 for the bridge of the nose, 0 for a lid.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from realtime.face.geometry import CANONICAL, CROP_IOD


class Stream(Enum):
    BROWS = "brows"
    LIDS = "lids"
    EYES = "eyes"
    NOSE_CHEEKS = "midface"  # nose, cheeks, under the eyes
    MOUTH = "mouth"


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    landmarks: tuple[int, ...]
    half_iod: float  # half the patch width in IOD
    stream: Stream
    au_region: int
    rigid: float  # weight in the fit of the head's own motion, [0, 1]


def _pair(
    name: str,
    right: tuple[int, ...],
    left: tuple[int, ...],
    half_iod: float,
    stream: Stream,
    au_region: int,
    rigid: float,
) -> tuple[Region, Region]:
    return (
        Region(f"{name} right", right, half_iod, stream, au_region, rigid),
        Region(f"{name} left", left, half_iod, stream, au_region, rigid),
    )


_B, _L, _E, _N, _M = Stream.BROWS, Stream.LIDS, Stream.EYES, Stream.NOSE_CHEEKS, Stream.MOUTH

REGIONS: tuple[Region, ...] = (
    *_pair("inner brow", (55, 107, 65, 66), (285, 336, 295, 296), 0.16, _B, 2, 0.2),
    *_pair("outer brow", (53, 63, 46, 70), (283, 293, 276, 300), 0.16, _B, 2, 0.2),
    Region("glabella", (9, 8), 0.16, _B, 2, 0.3),
    Region("forehead", (151,), 0.2, _B, 2, 0.3),
    Region("nose bridge", (6, 197), 0.14, _N, 4, 1.0),
    Region("nose tip", (4, 1), 0.2, _N, 4, 0.8),
    *_pair("nose wing", (129, 98), (358, 327), 0.14, _N, 4, 0.3),
    *_pair("cheek", (205, 50), (425, 280), 0.2, _N, 3, 0.2),
    *_pair("under eye", (119, 120), (348, 349), 0.16, _N, 3, 0.3),
    *_pair("zygoma", (116, 117), (345, 346), 0.18, _N, 3, 0.6),
    *_pair("mouth corner", (61, 62), (291, 292), 0.16, _M, 5, 0.1),
    Region("upper lip", (0, 164), 0.16, _M, 5, 0.1),
    Region("lower lip", (17, 18), 0.16, _M, 5, 0.1),
    Region("chin", (199, 175), 0.18, _M, 6, 0.1),
    *_pair("chin side", (204, 211), (424, 431), 0.16, _M, 6, 0.1),
    *_pair("outer canthus", (33, 130), (263, 359), 0.13, _E, 1, 0.7),
    *_pair("inner canthus", (133, 243), (362, 463), 0.13, _E, 1, 1.0),
    *_pair("upper lid", (159, 158), (386, 385), 0.13, _L, 1, 0.0),
    *_pair("lower lid", (145, 153), (374, 380), 0.12, _L, 1, 0.0),
)

HALVES = np.array([round(r.half_iod * CROP_IOD) for r in REGIONS])  # (31,) crop pixels
RIGID = np.array([r.rigid for r in REGIONS])  # (31,)
AU_REGION = np.array([r.au_region for r in REGIONS])  # (31,) 1..6
DEPTH = np.array([CANONICAL[list(r.landmarks), 2].mean() for r in REGIONS])  # (31,) IOD, away > 0
_COUNT = np.array([len(r.landmarks) for r in REGIONS])
_FIRST = np.cumsum(_COUNT) - _COUNT  # (31,) where each region's landmarks begin in:
_LANDMARKS = np.concatenate([r.landmarks for r in REGIONS])
MEMBERS = {s: np.array([i for i, r in enumerate(REGIONS) if r.stream is s]) for s in Stream}


def region_centres(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centres (31, 2) from landmarks (468 or 478, 2) in crop pixels."""
    members = np.asarray(points, np.float64)[_LANDMARKS, :2]
    return np.asarray(np.add.reduceat(members, _FIRST, axis=0) / _COUNT[:, None], np.float64)
