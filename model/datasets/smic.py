"""SMIC: HS at 100, VIS and NIR at 25 frames a second, and the long clips of SMIC-E.

The short release has no sheet: a clip's folder says its class, its first and last picture are
onset and offset.  SMIC-E has one workbook for each camera, whose frame numbers are those of the
file names; free text below its rows is left out.  No part has an apex.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

from model.datasets.annotation_sheet import (
    SheetRow,
    check_frames,
    find_file,
    find_folder,
    frame_number,
    frames_in,
    read_sheet,
    subject_id,
)
from model.datasets.record import Dataset, LoadReport, Record
from realtime.errors import DataError

Part = Literal["smic_hs", "smic_vis", "smic_nir", "smic_e_hs", "smic_e_vis", "smic_e_nir"]
PARTS: tuple[Part, ...] = get_args(Part)

_CLASSES = {"ne": "negative", "po": "positive", "sur": "surprise"}
_CLIP = re.compile(r"s0*(\d+)_(ne|po|sur)_0*(\d+)", re.IGNORECASE)


def load(root: Path, part: Part) -> Dataset:
    """Raises DataError when `root` holds no such part of SMIC."""
    camera = part.rsplit("_", 1)[1].upper()
    if part.startswith("smic_e_"):
        return _load_extended(root, part, camera)
    return _load_short(root, part, camera)


def _load_short(root: Path, part: Part, camera: str) -> Dataset:
    tree = find_folder(root, camera, depth=3)
    folders = sorted(tree.glob("s*/micro/*/s*_*_*")) if tree is not None else []
    if not folders:
        raise DataError(
            f"{root} does not look like SMIC: no {camera}/s1/micro/negative/s1_ne_01 in it"
        )
    report, records = LoadReport(), []
    cropped = "crop" in str(tree).lower()
    for folder in folders:
        where = "/".join(folder.parts[-4:])
        match, frames = _CLIP.fullmatch(folder.name), frames_in(folder)
        if match is None:
            report.skip(part, where, "not the name of a clip")
        elif len(frames) < 2:
            report.skip(part, where, "fewer than two pictures")
        else:
            numbers = list(frames)
            if folder.parent.name.lower() != _CLASSES[match[2].lower()]:
                report.mend(part, where, "folder and name disagree on the class: name taken")
            interval = (numbers[0], numbers[-1])
            records.append(_record(part, camera, match, frames, interval, cropped))
    return Dataset(part, tuple(records), report)


def _load_extended(root: Path, part: Part, camera: str) -> Dataset:
    sheet = find_file(root, f"SMIC?{camera}?E_annotation*.xls*", depth=4)
    folders = {
        _key(match): folder
        for folder in root.rglob("s*_*_*")
        if folder.is_dir() and (match := _CLIP.fullmatch(folder.name)) and _of(folder, camera)
    }
    if sheet is None or not folders:
        wanted = f"SMIC-{camera}-E_annotation.xlsx" if sheet is None else f"{camera}/…/s1_ne_01"
        raise DataError(f"{root} does not look like SMIC-E: no {wanted} in it")
    report, records = LoadReport(), []
    for row in read_sheet(sheet):
        records += _extended_records(row, part, camera, folders, report)
    return Dataset(part, tuple(records), report)


def _extended_records(
    row: SheetRow, part: Part, camera: str, folders: dict[str, Path], report: LoadReport
) -> list[Record]:
    match = _CLIP.fullmatch(row["clip"])
    if match is None:
        report.skip(part, row.where, "no clip named: text below the table")
        return []
    folder = folders.get(_key(match))
    if folder is None:
        report.skip(part, row.where, "no folder of pictures")
        return []
    frames = frames_in(folder)
    records = []
    for second, (onset_name, offset_name) in enumerate(
        (("onset", "offset"), ("onset 2", "offset 2"))
    ):
        onset, offset = frame_number(row[onset_name]), frame_number(row[offset_name])
        if second and onset is None:
            continue
        if onset is None or offset is None or offset <= onset:
            report.skip(part, row.where, "onset and offset are not an interval")
        elif check_frames(part, row.where, frames, {"onset": onset, "offset": offset}, report):
            name = "+" if second else ""
            records.append(_record(part, camera, match, frames, (onset, offset), False, name))
    return records


def _record(
    part: Part,
    camera: str,
    match: re.Match[str],
    frames: dict[int, Path],
    interval: tuple[int, int],
    cropped: bool,
    more: str = "",
) -> Record:
    label = _CLASSES[match[2].lower()]
    return Record(
        dataset=part,
        subject=subject_id(match[1]),
        clip=_key(match) + more,  # a second movement of a clip is named with a plus
        frames=frames,
        fps=100.0 if camera == "HS" else 25.0,
        onset=interval[0],
        apex=None,
        offset=interval[1],
        kind="micro",
        emotion=label,
        valence_raw=label,
        colour=camera != "NIR",
        cropped=cropped,
    )


def _key(match: re.Match[str]) -> str:
    """ "s01_NE_1" and "s1_ne_01" are the same clip."""
    return f"s{int(match[1])}_{match[2].lower()}_{int(match[3]):02d}"


def _of(folder: Path, camera: str) -> bool:
    """Whether a folder lies below one that names the camera."""
    names = "/".join(folder.parts).upper()
    return bool(re.search(rf"(?<![A-Z]){camera}(?![A-Z])", names))
