"""4DME, micro-expressions of the grey camera: 60 frames a second, several labels to a clip.

Emotions have columns of their own with 1 or 0; a clip with exactly one is given it, others
belong to no class.  Units marked "(k)" were kept from before
the movement and are left out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    coded_units,
    find_file,
    find_folder,
    folder_below,
    read_sheet,
)
from model.datasets.coding import coded, first_rows, pictures, record_of
from model.datasets.record import Dataset, LoadReport, Record
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
    report = LoadReport()
    rows = first_rows(NAME, read_sheet(sheet), report, ("subject", "clip"), _key)
    records = (_record(row, tree, report) for row in rows)
    return Dataset(NAME, tuple(r for r in records if r is not None), report)


def _key(row: SheetRow) -> tuple[str, str]:
    return row["subject"], row["clip"]


def _record(row: SheetRow, tree: Path, report: LoadReport) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    folder = folder_below(tree, row["subject"], row["clip"])
    frames = pictures(NAME, row, folder, interval, report)
    if frames is None:
        return None
    marked = [name for name in _EMOTIONS if _is_one(row[name])]
    if len(marked) != 1:
        report.mend(NAME, row.where, "not exactly one emotion: belongs to no class")
    clip = f"{row['subject']}/{row['clip']}"
    return replace(
        record_of(NAME, row, interval, frames, clip=clip, fps=_FPS),
        emotion=marked[0] if len(marked) == 1 else "",
        units=coded_units(_KEPT.sub("", row["units"])),
        notes="eye blink" if _is_one(row["eye blink"]) else "",
        colour=False,
        cropped="crop" in tree.name.lower(),
    )


def _is_one(cell: str) -> bool:
    try:
        return float(cell) == 1.0
    except ValueError:
        return False
