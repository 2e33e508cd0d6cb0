"""CAS(ME)^3: colour and depth at 30 frames a second; parts A and C are coded.

Frame numbers are those of the file names.  Part A lies on the disk as full sequences
(spNO.1/a/color/355.jpg) or as clips named by subject, sequence and onset (spNO.1_a_355); subject,
sequence and onset together name a movement, subject and sequence do not.  Part C has no apex.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    check_frames,
    folder_below,
    folders_below,
    frames_in,
    objective_class,
    read_sheet,
)
from model.datasets.coding import Coded, coded, record_of
from model.datasets.record import Dataset, Kind, LoadReport, Record
from realtime.errors import DataError

NAME = "cas_me_3"
_FPS = 30.0
_DEPTH = 3
# (words a sheet's name holds, part, kind of its rows where no column says it)
_SHEETS: tuple[tuple[tuple[str, ...], str, Kind], ...] = (
    (("part_a", "mae"), "A", "macro"),
    (("part_a", "me"), "A", "micro"),
    (("part_a",), "A", "micro"),
    (("part_c",), "C", "micro"),
)


@dataclass(slots=True)
class _Disk:
    """Where the pictures are, and what has been listed already."""

    sequences: Path | None  # holds spNO.1/a/color
    clips: list[Path]  # each holds spNO.1_a_355
    part_c: Path | None  # holds 01/a/color
    listed: dict[Path, dict[int, Path]] = field(default_factory=dict)

    def frames(self, folder: Path) -> dict[int, Path]:
        if folder not in self.listed:
            self.listed[folder] = frames_in(folder)
        return self.listed[folder]


def load(root: Path) -> Dataset:
    """Parts A and C as far as they are there.

    Raises DataError when `root` holds no label sheet or no pictures of CAS(ME)^3.
    """
    sheets = _find_sheets(root)
    disk = _find_pictures(root)
    if not sheets or not (disk.sequences or disk.clips or disk.part_c):
        wanted = "…part_A_ME_label….xlsx" if not sheets else "spNO.1/a/color or spNO.1_a_355"
        raise DataError(f"{root} does not look like CAS(ME)^3: no {wanted} in it")
    report, records = LoadReport(), []
    seen: set[str] = set()
    for path, part, kind in sheets:
        for row in read_sheet(path):
            record = _record(row, part, kind, disk, report)
            if record is None:
                continue
            if record.clip in seen:
                report.skip(NAME, row.where, "the same movement twice")
                continue
            seen.add(record.clip)
            records.append(record)
    return Dataset(NAME, tuple(records), report)


def _find_sheets(root: Path) -> list[tuple[Path, str, Kind]]:
    found = []
    for folder in folders_below(root, _DEPTH):
        for path in sorted(folder.iterdir()):
            name = path.name.lower()
            if path.suffix.lower() not in (".xls", ".xlsx") or not name.startswith("cas(me)"):
                continue
            for words, part, kind in _SHEETS:
                if all(word in name for word in words):
                    found.append((path, part, kind))
                    break
    return found


def _find_pictures(root: Path) -> _Disk:
    sequences, part_c, clips = None, None, []
    for folder in folders_below(root, _DEPTH):
        children = [child.name.lower() for child in folder.iterdir() if child.is_dir()]
        if any(name.startswith("spno.") and "_" not in name for name in children):
            sequences = sequences or folder
        if any(name.startswith("spno.") and name.count("_") >= 2 for name in children):
            clips.append(folder)
        if folder.name.lower() == "part_c" and any(name.isdigit() for name in children):
            part_c = part_c or folder
    clips.sort(key=lambda folder: folder.name.lower() != "frame")  # not the depth pictures
    return _Disk(sequences, clips, part_c)


def _record(row: SheetRow, part: str, kind: Kind, disk: _Disk, report: LoadReport) -> Record | None:
    subject, sequence = row["subject"], row["clip"]
    if not subject or not sequence:
        report.skip(NAME, row.where, "no subject or sequence")
        return None
    if row["kind"]:
        kind = "micro" if row["kind"].lower().startswith("micro") else "macro"
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    folder = _folder(disk, part, subject, sequence, interval)
    if folder is None:
        report.skip(NAME, row.where, "no folder of pictures")
        return None
    frames = disk.frames(folder)
    if not check_frames(NAME, row.where, frames, interval.frames(), report):
        return None
    clip = f"{part} {subject}_{sequence}_{interval.onset} {kind}"
    return replace(
        record_of(NAME, row, interval, frames, clip=clip, fps=_FPS, kind=kind),
        subject=f"{part}{subject.lower().removeprefix('spno.')}",
        objective_class=objective_class(row["objective"]),
    )


def _folder(disk: _Disk, part: str, subject: str, sequence: str, interval: Coded) -> Path | None:
    base = disk.part_c if part == "C" else disk.sequences
    if base is not None:
        name = f"{int(subject):02d}" if part == "C" and subject.isdigit() else subject
        folder = folder_below(base, name, sequence, "color")
        if folder is not None:
            return folder
    if part == "A":
        for clips in disk.clips:
            folder = folder_below(clips, f"{subject}_{sequence}_{interval.onset}")
            if folder is not None:
                return folder
    return None
