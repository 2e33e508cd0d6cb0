"""CASME II: 200 frames a second, 26 subjects, one workbook.

Frame numbers are those of the file names, the same in the raw, the selected and the cropped tree.
Raw pictures are preferred: the live path finds and aligns the face itself.  The objective classes
of the 2019 workbook differ from those of the separate sheet of 2018, which is taken where it is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    find_file,
    find_folder,
    folder_below,
    objective_class,
    read_sheet,
    subject_id,
)
from model.datasets.coding import coded, first_rows, pictures, record_of
from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError

NAME = "casme2"
_FPS = 200.0
# The 2014 coding comes first: MEGC 2019 uses its emotions.
_SHEETS = ("CASME2-coding-2014*.xls*", "CASME2-coding*.xls*", "CASME2_label*.xls*")
_TREES = (
    *("CASME2-RAW", "CASME2_RAW", "CASME2_RAW_selected", "CASME2-RAW-selected"),
    *("Cropped", "Cropped-updated"),
)


def load(root: Path) -> Dataset:
    """Raises DataError when `root` holds no workbook or no pictures of CASME II."""
    sheet = find_file(root, *_SHEETS)
    tree = find_folder(root, *_TREES)
    if sheet is None or tree is None:
        wanted = "CASME2-coding….xlsx" if sheet is None else " or ".join(_TREES)
        raise DataError(f"{root} does not look like CASME II: no {wanted} in it")
    separate = _separate_objective_classes(root)
    report = LoadReport()
    rows = first_rows(NAME, read_sheet(sheet), report, ("subject", "clip"), _key)
    records = (_record(row, tree, separate, report) for row in rows)
    return Dataset(NAME, tuple(r for r in records if r is not None), report)


def _key(row: SheetRow) -> tuple[str, str]:
    return subject_id(row["subject"]), row["clip"]


def _record(
    row: SheetRow, tree: Path, separate: dict[tuple[str, str], int], report: LoadReport
) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    number = subject_id(row["subject"])
    subject = f"sub{number.zfill(2)}"
    frames = pictures(NAME, row, folder_below(tree, subject, row["clip"]), interval, report)
    if frames is None:
        return None
    clip = f"{subject}/{row['clip']}"
    return replace(
        record_of(NAME, row, interval, frames, clip=clip, fps=_FPS),
        objective_class=separate.get((number, row["clip"]), objective_class(row["objective"])),
        cropped=tree.name.lower().startswith("cropped"),
    )


def _separate_objective_classes(root: Path) -> dict[tuple[str, str], int]:
    """(subject, clip) -> class of CASME2-ObjectiveClasses.xlsx, where that is there."""
    path = find_file(root, "CASME2-ObjectiveClasses.xls*")
    if path is None:
        return {}
    classes = {}
    for row in read_sheet(path):
        number = objective_class(row["objective"])
        if number is not None:
            classes[(subject_id(row["subject"]), row["clip"])] = number
    return classes
