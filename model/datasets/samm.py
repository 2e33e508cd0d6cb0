"""SAMM, short clips: 200 frames a second, grey, 29 subjects with micro-movements, one workbook.

Frame numbers count from the start of the original long recording and are those of the file names.
The workbook has a preamble of thirteen rows in most copies and none in some.
"""

from __future__ import annotations

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
    folders_below,
    frames_in,
    objective_class,
    read_sheet,
    subject_id,
)
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
    report, records = Report(), []
    seen: set[str] = set()
    for row in read_sheet(sheet):
        if not row["subject"] or not row["clip"]:
            report.skip(NAME, row.where, "no subject or file name")
        elif row["clip"] in seen:
            report.skip(NAME, row.where, "the same clip twice")
        else:
            seen.add(row["clip"])
            record = _record(row, tree, report)
            if record is not None:
                records.append(record)
    return Dataset(NAME, tuple(records), report)


def _tree(root: Path) -> Path | None:
    """The folder whose children are the subjects, 006, 007, …; raw pictures before cropped."""
    found = [
        folder
        for folder in folders_below(root)
        if any(child.is_dir() and child.name.isdigit() for child in folder.iterdir())
    ]
    return min(found, key=lambda folder: "crop" in folder.name.lower(), default=None)


def _record(row: Row, tree: Path, report: Report) -> Record | None:
    subject, clip = subject_id(row["subject"]), row["clip"]
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    folder = child_folder(tree, f"{int(subject):03d}") or child_folder(tree, subject)
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
        clip=clip,
        frames=frames,
        fps=_FPS,
        onset=interval.onset,
        apex=interval.apex,
        offset=interval.offset,
        kind="micro",
        emotion_raw=row["emotion"],
        emotion=emotion(row["emotion"]),
        objective_class=objective_class(row["objective"]),
        units_raw=row["units"],
        units=coded_units(row["units"]),
        notes=row["notes"],
        apex_raw=interval.apex_raw,
        colour=False,
        cropped="crop" in tree.name.lower(),
    )
