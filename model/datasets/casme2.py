"""CASME II: 200 frames a second, 26 subjects, one workbook.

Frame numbers are those of the file names, the same in the raw, the selected and the cropped tree.
Raw pictures are preferred: the live path finds and aligns the face itself.  The objective classes
of the 2019 workbook differ from those of the separate sheet of 2018, which is taken where it is.
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
    find_folder,
    frames_in,
    objective_class,
    read_sheet,
    subject_id,
)
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
    cropped = tree.name.lower().startswith("cropped")
    separate = _separate_objective_classes(root)
    report, records = Report(), []
    seen: set[tuple[str, str]] = set()
    for row in read_sheet(sheet):
        key = (subject_id(row["subject"]), row["clip"])
        if not row["subject"] or not row["clip"]:
            report.skip(NAME, row.where, "no subject or file name")
        elif key in seen:
            report.skip(NAME, row.where, "the same clip twice")
        else:
            seen.add(key)
            record = _record(row, tree, cropped, separate, report)
            if record is not None:
                records.append(record)
    return Dataset(NAME, tuple(records), report)


def _record(
    row: Row, tree: Path, cropped: bool, separate: dict[tuple[str, str], int], report: Report
) -> Record | None:
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
        clip=f"sub{int(subject):02d}/{clip}",
        frames=frames,
        fps=_FPS,
        onset=interval.onset,
        apex=interval.apex,
        offset=interval.offset,
        kind="micro",
        emotion_raw=row["emotion"],
        emotion=emotion(row["emotion"]),
        objective_class=separate.get((subject, clip), objective_class(row["objective"])),
        units_raw=row["units"],
        units=coded_units(row["units"]),
        apex_raw=interval.apex_raw,
        cropped=cropped,
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
