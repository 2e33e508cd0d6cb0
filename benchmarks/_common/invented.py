"""An invented composite of three datasets: `python -m benchmarks._common.invented FOLDER`

Writes clips of generated faces in the folder layouts and annotation sheets of CASME II, SAMM and
SMIC-HS, so that the whole way from a dataset on disk to pooled scores can be run by someone who
holds none of them.  Nothing in it is from those datasets but the layout.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from openpyxl import Workbook

from model.synthetic.identity import draw_identity
from model.synthetic.portraits import find_portraits
from realtime.event import CLASSES
from realtime.face.action_units import displacement_field, draw_units, warp
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

_SIZE = (224, 224)
_BORDER_PX = 60  # around the crop, so that the whole head is in the picture
_PEAK_IOD = 0.03


@dataclass(frozen=True, slots=True)
class InventedClip:
    subject: int
    number: int
    label: str
    units: tuple[str, ...]
    frames: list[NDArray[np.uint8]]  # onset to offset
    apex: int  # index among the frames


def clips(
    faces: list[tuple[NDArray[np.float32], NDArray[np.float32]]], each: int, seed: int
) -> Iterator[InventedClip]:
    """`each` movements of every face, the classes in turn."""
    for subject, (face, landmarks) in enumerate(faces, 1):
        for number in range(1, each + 1):
            rng = np.random.default_rng([seed, subject, number])
            label = CLASSES[(subject + number) % len(CLASSES)]
            units = draw_units(rng, label)
            field = displacement_field(units, landmarks, _SIZE, peak_iod=_PEAK_IOD)
            apex, last = int(rng.integers(4, 7)), int(rng.integers(10, 13))
            frames = []
            for index in range(last + 1):
                phase = index / apex if index <= apex else (last - index) / (last - apex)
                moved = warp(face, field * np.float32(np.sin(np.pi / 2 * phase) ** 2))
                noisy = moved + rng.normal(0, 1.5, _SIZE)
                picture = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
                border = (_BORDER_PX,) * 4
                frames.append(cv2.copyMakeBorder(picture, *border, cv2.BORDER_REPLICATE))
            yield InventedClip(subject, number, label, tuple(units), frames, apex)


def write(folder: Path, subjects: int = 3, each: int = 3, seed: int = 1) -> dict[str, Path]:
    """Dataset name -> its root, as `fleeting train --data NAME=ROOT` takes it."""
    portraits = find_portraits(None, LandmarkTracker(face_model()))
    writers = {"casme2": _write_casme2, "samm": _write_samm, "smic_hs": _write_smic}
    roots = {}
    for place, (name, writer) in enumerate(writers.items()):
        rng = np.random.default_rng([seed, place])
        faces = [draw_identity(rng, portraits) for _ in range(subjects)]
        roots[name] = folder / name
        writer(roots[name], list(clips(faces, each, seed + place)))
    return roots


def _write_casme2(root: Path, invented: list[InventedClip]) -> None:
    emotions = {"negative": "disgust", "positive": "happiness", "surprise": "surprise"}
    head = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None]
    rows: list[list[object]] = [[*head, "Action Units", "Estimated Emotion"]]
    for clip in invented:
        subject, name, first = f"{clip.subject:02d}", f"EP{clip.number:02d}_01f", 40
        _frames(root / f"CASME2-RAW/sub{subject}/{name}", clip, first, "img{}.jpg")
        last = first + len(clip.frames) - 1
        row = [subject, name, None, first, first + clip.apex, last, None]
        rows.append([*row, "+".join(clip.units), emotions[clip.label]])
    _sheet(root / "CASME2-coding-20140508.xlsx", "Sheet1", rows)


def _write_samm(root: Path, invented: list[InventedClip]) -> None:
    emotions = {"negative": "Anger", "positive": "Happiness", "surprise": "Surprise"}
    rows: list[list[object]] = [["Micro-movement codes"], *([None] for _ in range(12))]
    rows.append(
        [
            *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame"),
            *("Offset Frame", "Duration", "Micro", "Action Units", "Estimated Emotion"),
            *("Objective Classes", "Notes"),
        ]
    )
    for clip in invented:
        subject, name, first = f"{clip.subject + 5:03d}", clip.number, 1200
        folder = root / f"SAMM/{subject}/{subject}_{name}_1"
        _frames(folder, clip, first, subject + "_{:05d}.jpg")
        last = first + len(clip.frames) - 1
        row = [subject, folder.name, name, first, first + clip.apex, last, len(clip.frames)]
        units = "+".join(clip.units)
        rows.append([*row, "Micro - 1/2", units, emotions[clip.label], "I", None])
    _sheet(root / "SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY", rows)


def _write_smic(root: Path, invented: list[InventedClip]) -> None:
    short = {"negative": "ne", "positive": "po", "surprise": "sur"}
    for clip in invented:
        name = f"s{clip.subject}_{short[clip.label]}_{clip.number:02d}"
        folder = root / f"SMIC_all_raw/HS/s{clip.subject}/micro/{clip.label}/{name}"
        _frames(folder, clip, 302370, "image{:06d}.bmp")


def _frames(folder: Path, clip: InventedClip, first: int, pattern: str) -> None:
    folder.mkdir(parents=True)
    for index, picture in enumerate(clip.frames):
        cv2.imwrite(str(folder / pattern.format(first + index)), picture)


def _sheet(path: Path, title: str, rows: list[list[object]]) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="must not exist yet")
    parser.add_argument("--subjects", type=int, default=3, help="of each dataset")
    parser.add_argument("--each", type=int, default=3, help="clips of each subject")
    given = parser.parse_args()
    if given.folder.exists():
        parser.error(f"{given.folder} exists")
    roots = write(given.folder, given.subjects, given.each)
    specs = " ".join(f"--data {name}={root}" for name, root in roots.items())
    sys.stdout.write(f"fleeting train {specs} --protocol loso --output runs/loso\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
