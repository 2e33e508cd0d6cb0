"""Portraits the synthetic pairs are drawn from: aligned grey crops with their landmarks.

Called by the trainer, the evaluation and `--portraits DIR`.  Any photographs of faces will do;
the largest face of each is found by the live path's tracker and aligned as live frames are.
Lengths are pixels of the 224 × 224 crop.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.atomic_file import whole_file
from realtime.demo.portrait import portrait
from realtime.errors import DataError
from realtime.face.face import FaceTracker
from realtime.face.geometry import (
    CROP_IOD,
    CROP_SIZE,
    RIGID_POINTS,
    apply_transform,
    canonical_in_crop,
    crop_transform,
)

log = logging.getLogger(__name__)

DEMO_SUBJECT = "astronaut"  # the face of --demo: never trained on while there are others
HELD_OUT_SHARE = 0.2
# A face turned by about 25 degrees lies this far (rms) from the canonical one, IOD.
_TURNED_IOD = 0.14
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
# The detector wants a face of a hundred pixels or so: small pictures are enlarged first.
_SMALL_PX = 400


@dataclass(frozen=True, slots=True)
class Portrait:
    name: str  # file path below the folder, or DEMO_SUBJECT
    crop: NDArray[np.uint8]  # (224, 224) grey
    landmarks: NDArray[np.float32]  # (478, 3) x, y, z in crop pixels


def align(name: str, image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> Portrait:
    """Cut one face out of a BGR photograph, as the live path does with its first frame."""
    transform = crop_transform(landmarks)
    scale = float(np.hypot(*transform[:, 0]))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if scale < 1:  # shrinking needs a low-pass first
        grey = cv2.GaussianBlur(grey, (0, 0), 0.5 / scale)
    crop = cv2.warpAffine(
        grey,
        transform,
        (CROP_SIZE, CROP_SIZE),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    points = apply_transform(transform, landmarks[:, :2])
    depth = np.asarray(landmarks, np.float64)[:, 2] * scale
    placed = np.column_stack([points, depth]).astype(np.float32)
    return Portrait(name, np.asarray(crop, np.uint8), placed)


def is_frontal(portrait: Portrait) -> bool:
    """Whether the face is frontal enough for all of its mesh to be accurate."""
    away = portrait.landmarks[RIGID_POINTS, :2] - canonical_in_crop()[RIGID_POINTS]
    return bool(np.sqrt((away**2).sum(axis=1).mean()) < _TURNED_IOD * CROP_IOD)


def find_portraits(folder: Path | None, tracker: FaceTracker) -> list[Portrait]:
    """The demo subject and every usable face photograph below `folder`, by name."""
    portraits = []
    for name, image in _photographs(folder):
        enlarge = max(1.0, _SMALL_PX / max(image.shape[:2]))
        if enlarge > 1:
            larger = cv2.resize(image, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC)
            image = np.asarray(larger, np.uint8)
        tracker.reset()
        faces = tracker.track(0, image)
        if not faces:
            log.warning("no face found in %s", name)
            continue
        portrait = align(name, image, faces[0].landmarks)
        if is_frontal(portrait):
            portraits.append(portrait)
        else:
            log.warning("the face in %s is turned too far", name)
    return portraits


def _photographs(folder: Path | None) -> list[tuple[str, NDArray[np.uint8]]]:
    found = [(DEMO_SUBJECT, portrait())]
    if folder is None:
        return found
    if not folder.is_dir():
        raise DataError(f"portrait folder {folder} does not exist")
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _PICTURES:
            continue
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            log.warning("%s is not a readable picture", path)
            continue
        found.append((path.relative_to(folder).as_posix(), np.asarray(image, np.uint8)))
    return found


def is_held_out(name: str) -> bool:
    """One rule for every run: the demo subject, and a fifth of the names by their SHA-256."""
    first = hashlib.sha256(name.encode()).digest()[0]
    return name == DEMO_SUBJECT or first < HELD_OUT_SHARE * 256


def split(portraits: Sequence[Portrait]) -> tuple[list[Portrait], list[Portrait]]:
    """(train, held out).  A lone portrait is trained on, and nothing is held out."""
    if len(portraits) == 1:
        return list(portraits), []
    train = [portrait for portrait in portraits if not is_held_out(portrait.name)]
    held_out = [portrait for portrait in portraits if is_held_out(portrait.name)]
    if not train:
        raise DataError("the split rule leaves no portrait to train on: add more photographs")
    return train, held_out


def save_cache(path: Path, portraits: Sequence[Portrait]) -> None:
    """Keep aligned portraits, so that a long run does not detect faces again."""
    with whole_file(path) as file:
        np.savez(
            file,
            names=np.array([portrait.name for portrait in portraits]),
            crops=np.stack([portrait.crop for portrait in portraits]),
            landmarks=np.stack([portrait.landmarks for portrait in portraits]),
        )


def load_cache(path: Path) -> list[Portrait]:
    try:
        with np.load(path, allow_pickle=False) as cache:
            names, crops, landmarks = cache["names"], cache["crops"], cache["landmarks"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} is not a portrait cache: {error}") from error
    portraits = [
        Portrait(str(name), crop, points)
        for name, crop, points in zip(names, crops, landmarks, strict=True)
    ]
    return [portrait for portrait in portraits if is_frontal(portrait)]
