"""CASME (I): 60 frames a second, class A and B cameras, one workbook.

Frame numbers are those of the file names, unpadded in some clips and of three digits in others.
The workbook has two apex columns, of which the first is taken, and names some clips twice: each
row is a movement of its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    find_file,
    find_folder,
    folder_below,
    read_sheet,
    subject_id,
)
from model.datasets.coding import coded, pictures, record_of
from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError

NAME = "casme"
_FPS = 60.0
_SHEETS = ("*CASME*.xls*", "*.xls*")
_TREES = ("CASME_raw_selected", "CASME_RAW_selected", "Cropped")


def load(root: Path) -> Dataset:
    """Raises DataError when `root` holds no workbook or no pictures of CASME."""
    sheet, tree = find_file(root, *_SHEETS), find_folder(root, *_TREES)
    if sheet is None or tree is None:
        wanted = "workbook" if sheet is None else " or ".join(_TREES)
        raise DataError(f"{root} does not look like CASME: no {wanted} in it")
    report, records = LoadReport(), []
    seen: Counter[tuple[str, str]] = Counter()
    for row in read_sheet(sheet):
        if not row["subject"] or not row["clip"]:
            report.skip(NAME, row.where, "no subject or file name")
            continue
        key = (subject_id(row["subject"]), row["clip"])
        seen[key] += 1
        record = _record(row, tree, seen[key], report)
        if record is not None:
            records.append(record)
    return Dataset(NAME, tuple(records), report)


def _record(row: SheetRow, tree: Path, time: int, report: LoadReport) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    subject = f"sub{subject_id(row['subject']).zfill(2)}"
    frames = pictures(NAME, row, folder_below(tree, subject, row["clip"]), interval, report)
    if frames is None:
        return None
    clip = f"{subject}/{row['clip']}" + (f"#{time}" if time > 1 else "")
    record = record_of(NAME, row, interval, frames, clip=clip, fps=_FPS)
    return replace(record, cropped=tree.name.lower() == "cropped")
