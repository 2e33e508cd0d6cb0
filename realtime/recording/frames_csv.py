"""`frames.csv`: one row for every face of every analysed frame, and one for a frame without.

Written by the pipeline on the analysis thread, and read again here.  What a row is: `frame_row.py`.
"""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from realtime.errors import DataError
from realtime.face.assessability import Assessable
from realtime.face.judged_time import Verdict
from realtime.recording.frame_row import COLUMNS, FrameRow
from realtime.recording.session_folder import SessionFolder

NAME = "frames.csv"
_FLUSH_S = 1.0  # of rows: what a kill may cost
_FLUSH_ROWS = 1000
_log = logging.getLogger(__name__)

Row = TypeVar("Row")


class FramesCsv:
    """Appends rows about once a second.  Not shared between threads.

    Args:
        submit: has a job done by who writes to the disk; None: here.
    """

    def __init__(
        self,
        session: SessionFolder,
        submit: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.failures = 0  # rows that are not in the file because it could not be written
        self._session = session
        self._submit = submit
        self._rows: list[str] = []
        self._since_s = 0.0  # time stamp of the oldest row held

    def __enter__(self) -> FramesCsv:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, row: FrameRow) -> None:
        """Take one row; a full disk is counted in `failures` and never stops detection."""
        if not self._rows:
            self._since_s = row.timestamp_s
        self._rows.append(row.to_csv())
        if row.timestamp_s - self._since_s >= _FLUSH_S or len(self._rows) >= _FLUSH_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is held.  May be called twice."""
        self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        if self._submit is None:
            self._write(rows)
        else:
            self._submit(partial(self._write, rows))

    def _write(self, rows: list[str]) -> None:
        # tested every time: the folder may have been removed and made again
        header = [] if self._exists() else [",".join(COLUMNS)]
        if self._session.append_line(NAME, "\n".join((*header, *rows)), sync=False):
            return
        if self.failures == 0:
            _log.warning("rows could not be written to %s", self._session.folder / NAME)
        self.failures += len(rows)

    def _exists(self) -> bool:
        try:
            return (self._session.folder / NAME).exists()
        except OSError:  # what stands in the folder's place is told when a row is written
            return False


def read_rows(folder: Path) -> Iterator[FrameRow]:
    """Every row of a session, in order; none if it has no table of frames.

    Raises:
        DataError: the table is not ours.
    """
    return _rows(folder, FrameRow.from_cells)


def read_columns(folder: Path, names: Sequence[str]) -> tuple[NDArray[np.float64], ...]:
    """Columns of numbers, each (rows,); an empty cell, or one that is not there, is NaN.

    Raises:
        DataError: the table is not ours.
    """

    def numbers(cells: Mapping[str, str]) -> list[float]:
        return [float(cells.get(name) or math.nan) for name in names]

    table = np.array(list(_rows(folder, numbers)), np.float64).reshape(-1, len(names))
    return tuple(table.T)


def read_verdicts(folder: Path) -> list[Verdict]:
    """Of every frame of a session, in order; none if it has no table of frames.

    Raises:
        DataError: the table is not ours.
    """
    verdicts: list[Verdict] = []
    for seen in _rows(folder, _verdict):
        if verdicts and verdicts[-1].t_s == seen.t_s:  # a second face of the same frame
            if seen.assessable is Assessable.YES:
                verdicts[-1] = seen
        else:
            verdicts.append(seen)
    return verdicts


def _rows(folder: Path, made_of: Callable[[Mapping[str, str]], Row]) -> Iterator[Row]:
    path = folder / NAME
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            for cells in rows:
                if len(cells) == len(header):  # else torn by a kill
                    yield made_of(dict(zip(header, cells, strict=True)))
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DataError(f"{path} is not a table of frames: {error}") from error


def _verdict(cells: Mapping[str, str]) -> Verdict:
    return Verdict(float(cells["timestamp"]), Assessable[cells["assessable"].upper()])
