"""Make `smiles.npz`: `python -m model.tables.smiles NEUTRAL SMILING`.

Two folders of photographs of the same people under the same file numbers, such as the Face Research
Lab London Set: how far each landmark moves from the neutral picture to the smiling one.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.portraits import align
from model.synthetic.smiles import TABLE
from realtime.errors import DataError, FleetingError
from realtime.face.geometry import RIGID_POINTS
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

_NUMBER = re.compile(r"\d+")


def canonical_points(path: Path, tracker: LandmarkTracker) -> NDArray[np.float64] | None:
    """(468, 3) landmarks of the largest face in a photograph, crop pixels; None: no face."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"{path} is not a readable picture")
    tracker.reset()
    faces = tracker.track(0, np.asarray(image, np.uint8))
    if not faces:
        return None
    return (
        align(path.name, np.asarray(image, np.uint8), faces[0].landmarks)
        .landmarks[:468]
        .astype(np.float64)
    )


def skin_motion(neutral: NDArray[np.float64], smiling: NDArray[np.float64]) -> NDArray[np.float64]:
    """(468, 2) motion, crop pixels, less the head's: affine in place and depth, on rigid points."""
    moved = smiling[:, :2] - neutral[:, :2]
    terms = np.column_stack([np.ones(len(neutral)), neutral])  # shift, scale, shear and parallax
    fit, *_ = np.linalg.lstsq(terms[RIGID_POINTS], moved[RIGID_POINTS], rcond=None)
    return np.asarray(moved - terms @ fit, np.float64)


def build(neutral: Path, smiling: Path) -> dict[str, NDArray[np.generic]]:
    tracker = LandmarkTracker(face_model(None))
    by_number = {_number(path): path for path in sorted(smiling.iterdir())}
    names, motions = [], []
    for path in sorted(neutral.iterdir()):
        pair = [canonical_points(p, tracker) for p in (path, by_number[_number(path)])]
        if pair[0] is None or pair[1] is None:
            continue
        moved = skin_motion(pair[0], pair[1])
        names.append(_number(path))
        motions.append(moved / np.hypot(*moved.T).max())
    return {"people": np.array(names), "displacement": np.array(motions, np.float16)}


def _number(path: Path) -> str:
    found = _NUMBER.search(path.stem)
    if found is None:
        raise DataError(f"{path} has no number in its name")
    return found[0]


def main() -> int:
    parser = argparse.ArgumentParser(prog="model.tables.smiles", description=__doc__)
    parser.add_argument("neutral", type=Path)
    parser.add_argument("smiling", type=Path)
    given = parser.parse_args()
    try:
        np.savez_compressed(TABLE, allow_pickle=False, **build(given.neutral, given.smiling))
    except FleetingError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
