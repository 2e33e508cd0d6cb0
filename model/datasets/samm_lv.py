"""SAMM Long Videos: 200 frames a second, grey, micro- and macro-movements of whole recordings.

Frame numbers count from 1 within the long video, as the file names do; some onsets are fractions
and are rounded half up.  The sheet codes no emotion and marks a missing apex with -1.  One file
name may mean a micro- and a macro-movement, so a clip is known by both.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    find_file,
    find_folder,
    folder_below,
    frames_in,
    read_sheet,
)
from model.datasets.coding import coded, record_of
from model.datasets.record import Dataset, Kind, LoadReport, Record
from realtime.errors import DataError

NAME = "samm_lv"
_FPS = 200.0


def load(root: Path) -> Dataset:
    """Raises DataError when `root` holds no workbook or no videos of SAMM-LV."""
    sheet = find_file(root, "SAMM_LongVideos*.xls*")
    tree = find_folder(root, "SAMM_longvideos", "SAMM_longvideos_cropped")
    if sheet is None or tree is None:
        wanted = "SAMM_LongVideos_V3_Release.xlsx" if sheet is None else "folder SAMM_longvideos"
        raise DataError(f"{root} does not look like SAMM Long Videos: no {wanted} in it")
    report, records = LoadReport(), []
    videos: dict[str, dict[int, Path]] = {}
    seen: set[tuple[str, Kind]] = set()
    for row in read_sheet(sheet):
        kind: Kind = "micro" if row["kind"].lower().startswith("micro") else "macro"
        if not row["subject"] or not row["clip"]:
            report.skip(NAME, row.where, "no subject or file name")
        elif (row["clip"], kind) in seen:
            report.skip(NAME, row.where, "the same clip twice")
        else:
            seen.add((row["clip"], kind))
            record = _record(row, kind, tree, videos, report)
            if record is not None:
                records.append(record)
    return Dataset(NAME, tuple(records), report)


def _record(
    row: SheetRow, kind: Kind, tree: Path, videos: dict[str, dict[int, Path]], report: LoadReport
) -> Record | None:
    interval = coded(NAME, row, report)
    if interval is None:
        return None
    video = "_".join(row["clip"].split("_")[:2])
    if video not in videos:
        folder = folder_below(tree, video)
        videos[video] = frames_in(folder) if folder is not None else {}
    frames = videos[video]
    if not frames:
        report.skip(NAME, row.where, "no folder of pictures")
        return None
    onset = interval.onset
    if onset < min(frames):  # a movement that was under way when the recording began
        report.mend(NAME, row.where, "onset before the first picture: begins with it")
        onset = min(frames)
    if not onset < interval.offset <= max(frames):
        report.skip(NAME, row.where, "offset not among the pictures")
        return None
    begun = replace(interval, onset=onset)
    clip = f"{row['clip']} {kind}"
    return replace(
        record_of(NAME, row, begun, frames, clip=clip, fps=_FPS, kind=kind),
        notes=row["notes"],
        colour=False,
        cropped="crop" in tree.name.lower(),
    )
