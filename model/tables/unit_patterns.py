"""Make `realtime/spotting/unit_patterns.npz`: `python -m model.tables.unit_patterns`.

How the thirty-one regions of a face move by one action unit, read off both of the generator's
models of skin on the canonical face.  The spotter detects these patterns
(`realtime.spotting.au_filters`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.synthetic.rig import rig_field
from realtime.face.action_units import Field, displacement_field
from realtime.face.geometry import CROP_SIZE, canonical_in_crop
from realtime.motion.regions import HALVES, region_centres
from realtime.spotting import au_filters

TABLE = Path(au_filters.__file__).with_name("unit_patterns.npz")

# Units and combinations that micro-expressions are made of, by the half of the face they move,
# and their kind: how well each kind fits is a feature of the verifier.
UPPER: Mapping[str, tuple[str, ...]] = {
    "brows up": ("1", "2", "1+2", "L1+L2", "R1+R2", "1+2+5"),
    "brows down": ("4", "L4", "R4", "4+7"),
    "nose": ("9", "L9", "R9"),
    "eyes": ("5", "6", "7"),
}
LOWER: Mapping[str, tuple[str, ...]] = {
    "smile": ("12", "L12", "R12", "6+12"),
    "dimple": ("14", "L14", "R14"),
    "corners down": ("15", "L15", "R15"),
    "lip up": ("10", "L10", "R10"),
    "chin": ("17",),
    "lips": ("20", "23", "24", "25", "26"),
}


def pattern(field: Field) -> NDArray[np.float32]:
    """(31, 2) mean displacement of each region's patch, as a share of the largest pixel's."""
    largest = np.hypot(field[..., 0], field[..., 1]).max()
    centres = np.rint(region_centres(canonical_in_crop())).astype(int)
    return np.stack(
        [
            field[max(y - h, 0) : y + h + 1, max(x - h, 0) : x + h + 1].mean(axis=(0, 1)) / largest
            for (x, y), h in zip(centres, HALVES, strict=True)
        ]
    )


def build() -> dict[str, NDArray[np.generic]]:
    points = canonical_in_crop()
    kinds, lower, patterns = [], [], []
    for half in (UPPER, LOWER):
        for kind, moves in half.items():
            for move in moves:
                units = dict.fromkeys(move.split("+"), 1.0)
                fields = (
                    displacement_field(units, points, (CROP_SIZE, CROP_SIZE), peak_iod=0.01),
                    rig_field(units, points, 0.01),
                )
                for field in fields:
                    kinds.append(kind)
                    lower.append(half is LOWER)
                    patterns.append(pattern(field))
    return {
        "kinds": np.array(kinds),
        "lower": np.array(lower),
        "patterns": np.array(patterns, np.float32),
    }


def main() -> int:
    np.savez_compressed(TABLE, allow_pickle=False, **build())
    return 0


if __name__ == "__main__":
    sys.exit(main())
