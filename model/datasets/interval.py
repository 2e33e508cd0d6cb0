"""Onset, apex and offset of a sheet's row, as far as they can be believed.  Used by the loaders."""

from __future__ import annotations

from dataclasses import dataclass

from model.datasets.record import Report
from model.datasets.sheet import Row, frame_number


@dataclass(frozen=True, slots=True)
class Coded:
    onset: int
    apex: int | None
    offset: int
    apex_raw: str  # the cell where it could not be used, else ""

    def frames(self) -> dict[str, int | None]:
        """What must be among the pictures, by name."""
        return {"onset": self.onset, "apex": self.apex, "offset": self.offset}


def coded(dataset: str, row: Row, report: Report) -> Coded | None:
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
