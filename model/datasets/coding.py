"""What a row of a sheet codes, checked for consistency.  Shared by the loaders."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.datasets.annotation_sheet import (
    SheetRow,
    check_frames,
    coded_units,
    emotion,
    frame_number,
    frames_in,
    subject_id,
)
from model.datasets.record import Kind, LoadReport, Record


@dataclass(frozen=True, slots=True)
class Coded:
    onset: int
    apex: int | None
    offset: int
    apex_raw: str  # the cell where it could not be used, else ""

    def frames(self) -> dict[str, int | None]:
        """What must be among the pictures, by name."""
        return {"onset": self.onset, "apex": self.apex, "offset": self.offset}


def first_rows(
    dataset: str,
    rows: Iterable[SheetRow],
    report: LoadReport,
    named: Sequence[str],
    key: Callable[[SheetRow], Hashable],
) -> Iterator[SheetRow]:
    """Rows with all of the `named` columns, each clip once.

    Args:
        key: what tells the dataset's clips apart.
    """
    seen: set[Hashable] = set()
    for row in rows:
        clip = key(row)
        if not all(row[name] for name in named):
            report.skip(dataset, row.where, f"no {' or '.join(named)} named")
        elif clip in seen:
            report.skip(dataset, row.where, "the same clip twice")
        else:
            seen.add(clip)
            yield row


def coded(dataset: str, row: SheetRow, report: LoadReport) -> Coded | None:
    """The row's interval; None, and a line in the report, where there is none.

    An apex that is missing or outside onset and offset is left open, and said.
    """
    onset, apex, offset = (frame_number(row[name]) for name in ("onset", "apex", "offset"))
    if onset is None or offset is None or offset <= onset:
        report.skip(dataset, row.where, "onset and offset are not an interval")
        return None
    if apex is None or not onset <= apex <= offset:
        report.mend(dataset, row.where, "no apex within onset and offset: left open")
        return Coded(onset, None, offset, row["apex"])
    return Coded(onset, apex, offset, "")


def pictures(
    dataset: str, row: SheetRow, folder: Path | None, interval: Coded, report: LoadReport
) -> dict[int, Path] | None:
    """The clip's pictures; None, and a line in the report, where those of the interval lack."""
    if folder is None:
        report.skip(dataset, row.where, "no folder of pictures")
        return None
    frames = frames_in(folder)
    return frames if check_frames(dataset, row.where, frames, interval.frames(), report) else None


def record_of(
    dataset: str,
    row: SheetRow,
    interval: Coded,
    frames: dict[int, Path],
    *,
    clip: str,
    fps: float,
    kind: Kind = "micro",
) -> Record:
    """What every sheet says of a movement; a dataset's own columns are the loader's to add."""
    return Record(
        dataset=dataset,
        subject=subject_id(row["subject"] or row["clip"]),
        clip=clip,
        frames=frames,
        fps=fps,
        onset=interval.onset,
        apex=interval.apex,
        offset=interval.offset,
        kind=kind,
        emotion=emotion(row["emotion"]),
        units=coded_units(row["units"]),
        apex_raw=interval.apex_raw,
    )
