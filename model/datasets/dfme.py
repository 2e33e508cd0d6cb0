"""DFME: 200, 300 or 500 frames a second, said row by row; training set and two test sets.

Frames are numbered from 0 in each clip's folder, DFME_train/sub0003_01/00109.png.
"""

from __future__ import annotations

from pathlib import Path

from model.datasets.annotation_sheet import SheetRow, folder_below, folders_below, read_sheet
from model.datasets.coding import coded, first_rows, pictures, record_of
from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError

NAME = "dfme"
_TREES = ("dfme_train", "test_data_a", "test_data_b")


def load(root: Path) -> Dataset:
    """All parts that are there.  Raises DataError when `root` holds no sheet or no pictures."""
    folders = list(folders_below(root))
    trees = [folder for folder in folders if folder.name.lower() in _TREES]
    sheets = [
        path
        for folder in folders
        if folder not in trees
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (".xlsx", ".xls", ".csv")
    ]
    if not trees or not sheets:
        wanted = "folder DFME_train" if not trees else "sheet with an OnsetFrame column"
        raise DataError(f"{root} does not look like DFME: no {wanted} in it")
    report = LoadReport()
    coded_rows = (row for sheet in sheets for row in read_sheet(sheet))
    rows = first_rows(NAME, coded_rows, report, ("clip",), lambda row: row["clip"])
    records = (_record(row, trees, report) for row in rows)
    return Dataset(NAME, tuple(r for r in records if r is not None), report)


def _record(row: SheetRow, trees: list[Path], report: LoadReport) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    fps = _rate(row["fps"])
    if fps is None:
        report.skip(NAME, row.where, "no frame rate")
        return None
    found = (folder_below(tree, row["clip"]) for tree in trees)
    folder = next((folder for folder in found if folder is not None), None)
    frames = pictures(NAME, row, folder, interval, report)
    if frames is None:
        return None
    return record_of(NAME, row, interval, frames, clip=row["clip"], fps=fps)


def _rate(cell: str) -> float | None:
    try:
        fps = float(cell)
    except ValueError:
        return None
    return fps if fps > 0 else None
