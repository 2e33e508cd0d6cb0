"""DFME: 200, 300 or 500 frames a second, said row by row; training set and two test sets.

Frames are numbered from 0 in each clip's folder, DFME_train/sub0003_01/00109.png.
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
    folders_below,
    frames_in,
    read_sheet,
    subject_id,
)
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
    report, records = Report(), []
    seen: set[str] = set()
    for sheet in sheets:
        for row in read_sheet(sheet):
            if not row["clip"]:
                report.skip(NAME, row.where, "no file name")
            elif row["clip"] in seen:
                report.skip(NAME, row.where, "the same clip twice")
            else:
                seen.add(row["clip"])
                record = _record(row, trees, report)
                if record is not None:
                    records.append(record)
    return Dataset(NAME, tuple(records), report)


def _record(row: Row, trees: list[Path], report: Report) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    found = [folder for tree in trees if (folder := child_folder(tree, row["clip"])) is not None]
    if not found:
        report.skip(NAME, row.where, "no folder of pictures")
        return None
    try:
        fps = float(row["fps"])
    except ValueError:
        fps = 0.0
    if fps <= 0:
        report.skip(NAME, row.where, "no frame rate")
        return None
    frames = frames_in(found[0])
    if not check_frames(NAME, row.where, frames, interval.frames(), report):
        return None
    return Record(
        dataset=NAME,
        subject=subject_id(row["subject"] or row["clip"]),
        clip=row["clip"],
        frames=frames,
        fps=fps,
        onset=interval.onset,
        apex=interval.apex,
        offset=interval.offset,
        kind="micro",
        emotion_raw=row["emotion"],
        emotion=emotion(row["emotion"]),
        units_raw=row["units"],
        units=coded_units(row["units"]),
        apex_raw=interval.apex_raw,
    )
