"""CASME (I): 60 frames a second, class A and B cameras, one workbook.

Frame numbers are those of the file names, unpadded in some clips and of three digits in others.
The workbook has two apex columns, of which the first is taken, and names some clips twice: each
row is a movement of its own.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from model.datasets.interval import coded
from model.datasets.record import Dataset, Record, Report
from model.datasets.sheet import (
    Row,
    check_frames,
    child_folder,
    coded_units,
    emotion,
    find_file,
    find_folder,
    frames_in,
    read_sheet,
    subject_id,
)
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
    report, records = Report(), []
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


def _record(row: Row, tree: Path, time: int, report: Report) -> Record | None:
    subject, clip = subject_id(row["subject"]), row["clip"]
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    folder = child_folder(tree, f"sub{int(subject):02d}") if subject.isdigit() else None
    folder = child_folder(folder, clip) if folder is not None else None
    if folder is None:
        report.skip(NAME, row.where, "no folder of pictures")
        return None
    frames = frames_in(folder)
    if not check_frames(NAME, row.where, frames, interval.frames(), report):
        return None
    return Record(
        dataset=NAME,
        subject=subject,
        clip=f"sub{int(subject):02d}/{clip}" + (f"#{time}" if time > 1 else ""),
        frames=frames,
        fps=_FPS,
        onset=interval.onset,
        apex=interval.apex,
        offset=interval.offset,
        kind="micro",
        emotion_raw=row["emotion"],
        emotion=emotion(row["emotion"]),
        units_raw=row["units"],
        units=coded_units(row["units"]),
        apex_raw=interval.apex_raw,
        cropped=tree.name.lower() == "cropped",
    )
