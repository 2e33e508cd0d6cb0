"""4DME, micro-expressions of the grey camera: 60 frames a second, several labels to a clip.

Emotions stand in columns of their own as 1 or 0; a clip with exactly one is given it, others keep
their labels in `emotion_raw` and belong to no class.  Units marked "(k)" were kept from before
the movement and are left out.
"""

from __future__ import annotations

import re
from pathlib import Path

from model.datasets.interval import coded
from model.datasets.record import Dataset, Record, Report
from model.datasets.sheet import (
    Row,
    check_frames,
    child_folder,
    coded_units,
    find_file,
    find_folder,
    frames_in,
    read_sheet,
    subject_id,
)
from realtime.errors import DataError

NAME = "4dme"
_FPS = 60.0
_TREES = ("gray_micro", "gray_micro_crop")
_EMOTIONS = ("positive", "negative", "surprise", "repression", "others")
_KEPT = re.compile(r"[^+,，]*\(k\)", re.IGNORECASE)


def load(root: Path) -> Dataset:
    """Raises DataError when `root` holds no sheet or no pictures of 4DME's micro-expressions."""
    sheet, tree = find_file(root, "4DME_Labelling_Micro*.xls*"), find_folder(root, *_TREES)
    if sheet is None or tree is None:
        wanted = "4DME_Labelling_Micro_release v1.xlsx" if sheet is None else " or ".join(_TREES)
        raise DataError(f"{root} does not look like 4DME: no {wanted} in it")
    report, records = Report(), []
    seen: set[tuple[str, str]] = set()
    for row in read_sheet(sheet):
        key = (row["subject"], row["clip"])
        if not all(key):
            report.skip(NAME, row.where, "no subject or folder name")
        elif key in seen:
            report.skip(NAME, row.where, "the same clip twice")
        else:
            seen.add(key)
            record = _record(row, tree, report)
            if record is not None:
                records.append(record)
    return Dataset(NAME, tuple(records), report)


def _record(row: Row, tree: Path, report: Report) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    folder = child_folder(tree, row["subject"])
    folder = child_folder(folder, row["clip"]) if folder is not None else None
    if folder is None:
        report.skip(NAME, row.where, "no folder of pictures")
        return None
    frames = frames_in(folder)
    if not check_frames(NAME, row.where, frames, interval.frames(), report):
        return None
    marked = [name for name in _EMOTIONS if _is_one(row[name])]
    if len(marked) != 1:
        report.mend(NAME, row.where, "not exactly one emotion: belongs to no class")
    return Record(
        dataset=NAME,
        subject=subject_id(row["subject"]),
        clip=f"{row['subject']}/{row['clip']}",
        frames=frames,
        fps=_FPS,
        onset=interval.onset,
        apex=interval.apex,
        offset=interval.offset,
        kind="micro",
        emotion_raw=row["emotion"] or "+".join(marked),
        emotion=marked[0] if len(marked) == 1 else "",
        units_raw=row["units"],
        units=coded_units(_KEPT.sub("", row["units"])),
        notes="eye blink" if _is_one(row["eye blink"]) else "",
        apex_raw=interval.apex_raw,
        colour=False,
        cropped="crop" in tree.name.lower(),
    )


def _is_one(cell: str) -> bool:
    try:
        return float(cell) == 1.0
    except ValueError:
        return False
