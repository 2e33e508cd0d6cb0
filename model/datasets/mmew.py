"""MMEW, micro-expressions: 90 frames a second, one folder a clip below its emotion's.

Sheets count frames either as the files do or from the original recording: an onset beyond the
number of files is taken for the latter, and the row is shifted to begin with the first file.
Clips called "others" lie in the folder "repression".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    emotion,
    find_file,
    find_folder,
    folder_below,
    frames_in,
    read_sheet,
    subject_id,
)
from model.datasets.coding import Coded, coded, first_rows, pictures, record_of
from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError

NAME = "mmew"
_FPS = 90.0
_FOLDER_OF = {"others": "repression"}


def load(root: Path) -> Dataset:
    """Raises DataError when `root` holds no workbook or no micro-expressions of MMEW."""
    sheet = find_file(root, "MMEW_Micro_Exp*.xls*")
    tree = find_folder(root, "Micro_Expression", "Micro-Expression")
    if sheet is None or tree is None:
        wanted = "MMEW_Micro_Exp.xlsx" if sheet is None else "folder Micro_Expression"
        raise DataError(f"{root} does not look like MMEW: no {wanted} in it")
    report = LoadReport()
    rows = first_rows(NAME, read_sheet(sheet), report, ("clip",), lambda row: row["clip"])
    records = (_record(row, tree, report) for row in rows)
    return Dataset(NAME, tuple(r for r in records if r is not None), report)


def _record(row: SheetRow, tree: Path, report: LoadReport) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    folder = _folder(tree, row)
    if folder is not None:
        interval = _by_file_names(interval, list(frames_in(folder)), row, report)
    frames = pictures(NAME, row, folder, interval, report)
    if frames is None:
        return None
    record = record_of(NAME, row, interval, frames, clip=row["clip"], fps=_FPS)
    return replace(record, notes=row["notes"])


def _folder(tree: Path, row: SheetRow) -> Path | None:
    """Below its emotion, or below its subject and its emotion."""
    label = emotion(row["emotion"])
    names = dict.fromkeys((label, _FOLDER_OF.get(label, label)))
    subject = f"S{int(subject_id(row['subject'])):02d}" if row["subject"] else ""
    for name in names:
        for base in (tree, folder_below(tree, subject) if subject else None):
            folder = folder_below(base, name, row["clip"])
            if folder is not None:
                return folder
    return None


def _by_file_names(interval: Coded, numbers: list[int], row: SheetRow, report: LoadReport) -> Coded:
    if not numbers or interval.onset <= len(numbers) or interval.onset in numbers:
        return interval
    report.mend(NAME, row.where, "counted from the recording: shifted to the first picture")
    by = numbers[0] - interval.onset
    apex = None if interval.apex is None else interval.apex + by
    return Coded(interval.onset + by, apex, interval.offset + by, interval.apex_raw)
