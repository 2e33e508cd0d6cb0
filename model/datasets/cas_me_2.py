"""CAS(ME)^2: long videos at 30 frames a second with micro- and macro-expressions.

The workbook has three sheets without headers: the coding, and two that turn its participants and
stimuli into folder names.  Frame numbers count from 1 within the long video.  A coded 0 means not
coded: a missing offset is replaced by the apex, a missing apex by the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

from model.datasets.annotation_sheet import (
    coded_units,
    emotion,
    find_file,
    find_folder,
    frame_number,
    frames_in,
    read_cells,
    subject_id,
)
from model.datasets.record import Dataset, Kind, LoadReport, Record
from realtime.errors import DataError

NAME = "cas_me_2"
_FPS = 30.0
_SHEETS = ("CAS(ME)^2code_final*.xls*", "code_final*.xls*")
_TREES = ("rawpic", "longVideoFaceCropped")
_COLUMNS = (
    *("participant", "stimulus", "onset", "apex", "offset"),
    *("units", "valence", "kind", "emotion"),
)


def load(root: Path) -> Dataset:
    """Raises DataError when `root` holds no workbook or no videos of CAS(ME)^2."""
    sheet, tree = find_file(root, *_SHEETS), find_folder(root, *_TREES)
    if sheet is None or tree is None:
        wanted = "CAS(ME)^2code_final.xlsx" if sheet is None else " or ".join(_TREES)
        raise DataError(f"{root} does not look like CAS(ME)^2: no {wanted} in it")
    folder_of = {subject_id(line[2]): line[1] for line in read_cells(sheet, 1) if len(line) > 2}
    code_of = {emotion(line[1]): line[0] for line in read_cells(sheet, 2) if len(line) > 1}
    report, records = LoadReport(), []
    videos: dict[Path, dict[int, Path]] = {}
    seen: set[str] = set()
    for number, line in enumerate(read_cells(sheet, 0), 1):
        cells = dict(zip_longest(_COLUMNS, line[: len(_COLUMNS)], fillvalue=""))
        where = f"{sheet.name} row {number}"
        if not cells["participant"] or not cells["stimulus"]:
            report.skip(NAME, where, "no participant or stimulus")
            continue
        record = _record(cells, where, tree, (folder_of, code_of), videos, report)
        if record is None:
            continue
        if record.clip in seen:
            report.skip(NAME, where, "the same movement twice")
            continue
        seen.add(record.clip)
        records.append(record)
    return Dataset(NAME, tuple(records), report)


def _record(
    cells: Mapping[str, str],
    where: str,
    tree: Path,
    names: tuple[Mapping[str, str], Mapping[str, str]],
    videos: dict[Path, dict[int, Path]],
    report: LoadReport,
) -> Record | None:
    interval = _interval(cells, where, report)
    if interval is None:
        return None
    subject = names[0].get(subject_id(cells["participant"]), "")
    # "anger1_1" is the first movement during the stimulus "anger1".
    code = names[1].get(emotion(cells["stimulus"].rsplit("_", 1)[0]), "")
    video = _video(tree, subject, code)
    if video is None:
        report.skip(NAME, where, "no folder of pictures")
        return None
    frames = videos.setdefault(video, {}) or frames_in(video)
    videos[video] = frames
    onset, apex, offset = interval
    if onset not in frames or offset not in frames:
        report.skip(NAME, where, "onset or offset not among the pictures")
        return None
    kind: Kind = "micro" if cells["kind"].lower().startswith("micro") else "macro"
    return Record(
        dataset=NAME,
        subject=subject_id(subject),
        clip=f"{subject}/{cells['stimulus']} {kind}",
        frames=frames,
        fps=_FPS,
        onset=onset,
        apex=apex,
        offset=offset,
        kind=kind,
        emotion=emotion(cells["emotion"]),
        valence_raw=cells["valence"],
        units=coded_units(cells["units"]),
        cropped="crop" in tree.name.lower(),
    )


def _interval(
    cells: Mapping[str, str], where: str, report: LoadReport
) -> tuple[int, int, int] | None:
    """(onset, apex, offset) with what was not coded put in its place."""
    onset, apex, offset = (frame_number(cells[name]) for name in ("onset", "apex", "offset"))
    if not offset and apex:
        report.mend(NAME, where, "no offset coded: the apex is taken")
        offset = apex
    if not onset or not offset or offset <= onset:
        report.skip(NAME, where, "onset and offset are not an interval")
        return None
    if not apex or not onset <= apex <= offset:
        report.mend(NAME, where, "no apex within onset and offset: the middle is taken")
        apex = (onset + offset) // 2
    return onset, apex, offset


def _video(tree: Path, subject: str, code: str) -> Path | None:
    """rawpic/s15/15_0101disgustingteeth for subject s15 and code 0101."""
    home = find_folder(tree, subject, depth=1) if subject else None
    if home is None or not code:
        return None
    found = [
        folder
        for folder in sorted(home.iterdir())
        if folder.is_dir() and folder.name.partition("_")[2][:4] == code
    ]
    return found[0] if found else None
