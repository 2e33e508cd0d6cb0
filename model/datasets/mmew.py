"""MMEW, micro-expressions: 90 frames a second, one folder a clip below its emotion's.

Sheets count frames either as the files do or from the original recording: an onset beyond the
number of files is taken for the latter, and the row is shifted to begin with the first file.
Clips called "others" lie in the folder "repression".
"""

from __future__ import annotations

from pathlib import Path

from model.datasets.interval import Coded, coded
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
    report, records = Report(), []
    seen: set[str] = set()
    for row in read_sheet(sheet):
        if not row["clip"]:
            report.skip(NAME, row.where, "no file name")
        elif row["clip"] in seen:
            report.skip(NAME, row.where, "the same clip twice")
        else:
            seen.add(row["clip"])
            record = _record(row, tree, report)
            if record is not None:
                records.append(record)
    return Dataset(NAME, tuple(records), report)


def _record(row: Row, tree: Path, report: Report) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    folder = _folder(tree, row)
    if folder is None:
        report.skip(NAME, row.where, "no folder of pictures")
        return None
    frames = frames_in(folder)
    if frames and interval.onset > len(frames) and interval.onset not in frames:
        report.mend(NAME, row.where, "counted from the recording: shifted to the first picture")
        interval = _shifted(interval, min(frames) - interval.onset)
    if not check_frames(NAME, row.where, frames, interval.frames(), report):
        return None
    return Record(
        dataset=NAME,
        subject=subject_id(row["subject"] or row["clip"]),
        clip=row["clip"],
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
        notes=row["notes"],
        apex_raw=interval.apex_raw,
    )


def _folder(tree: Path, row: Row) -> Path | None:
    """Below its emotion, or below its subject and its emotion."""
    label = emotion(row["emotion"])
    names = dict.fromkeys((label, _FOLDER_OF.get(label, label)))
    subject = f"S{int(subject_id(row['subject'])):02d}" if row["subject"] else ""
    for name in names:
        for base in (tree, child_folder(tree, subject) if subject else None):
            group = child_folder(base, name) if base is not None else None
            folder = child_folder(group, row["clip"]) if group is not None else None
            if folder is not None:
                return folder
    return None


def _shifted(interval: Coded, by: int) -> Coded:
    apex = None if interval.apex is None else interval.apex + by
    return Coded(interval.onset + by, apex, interval.offset + by, interval.apex_raw)
