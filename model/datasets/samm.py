"""SAMM, short clips: 200 frames a second, grey, 29 subjects with micro-movements, one workbook.

Frame numbers count from the start of the original long recording and are those of the file names.
The workbook has a preamble of thirteen rows in most copies and none in some.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    find_file,
    folder_below,
    folders_below,
    objective_class,
    read_sheet,
    subject_id,
)
from model.datasets.coding import coded, first_rows, pictures, record_of
from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError

NAME = "samm"
_FPS = 200.0
_SHEETS = ("SAMM_Micro_FACS_Codes*.xls*", "*SAMM*Micro*FACS*.xls*", "SAMM.xls*")


def load(root: Path) -> Dataset:
    """Raises DataError when `root` holds no workbook or no pictures of SAMM."""
    sheet = find_file(root, *_SHEETS)
    tree = _tree(root)
    if sheet is None or tree is None:
        wanted = "SAMM_Micro_FACS_Codes_v2.xlsx" if sheet is None else "folder 006/006_1_2"
        raise DataError(f"{root} does not look like SAMM: no {wanted} in it")
    report = LoadReport()
    rows = first_rows(NAME, read_sheet(sheet), report, ("subject", "clip"), lambda row: row["clip"])
    records = (_record(row, tree, report) for row in rows)
    return Dataset(NAME, tuple(r for r in records if r is not None), report)


def _tree(root: Path) -> Path | None:
    """The folder whose children are the subjects, 006, 007, …; raw pictures before cropped."""
    found = [
        folder
        for folder in folders_below(root)
        if any(child.is_dir() and child.name.isdigit() for child in folder.iterdir())
    ]
    return min(found, key=lambda folder: "crop" in folder.name.lower(), default=None)


def _record(row: SheetRow, tree: Path, report: LoadReport) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    subject = subject_id(row["subject"])
    home = folder_below(tree, subject.zfill(3)) or folder_below(tree, subject)
    frames = pictures(NAME, row, folder_below(home, row["clip"]), interval, report)
    if frames is None:
        return None
    return replace(
        record_of(NAME, row, interval, frames, clip=row["clip"], fps=_FPS),
        objective_class=objective_class(row["objective"]),
        notes=row["notes"],
        colour=False,
        cropped="crop" in tree.name.lower(),
    )
