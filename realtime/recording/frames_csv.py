"""`frames.csv`: one row for every face of every analysed frame, and one for a frame without.

Written by the pipeline on the analysis thread.  The leading columns carry OpenFace's names and
units (seconds, radians), so its readers work here; the others are ours: signs in shares of a
full movement, distances in pixels of the frame, motion of the five streams in noise units.
Numbers have a fixed format: the same video gives the same bytes.
"""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from realtime.errors import DataError
from realtime.face.assessability import Assessable
from realtime.face.face import Face
from realtime.face.geometry import inter_ocular
from realtime.face.head_pose import head_angles
from realtime.face.judged_time import Verdict
from realtime.motion.stabiliser import Stabilised
from realtime.recording.session_folder import SessionFolder
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity

NAME = "frames.csv"
_FLUSH_S = 1.0  # of rows: what a kill may cost
_FLUSH_ROWS = 1000
_log = logging.getLogger(__name__)

Row = TypeVar("Row")

COLUMNS = (
    *("frame", "face_id", "timestamp", "confidence", "success"),
    *("pose_Rx", "pose_Ry", "pose_Rz"),
    *("blink_left", "blink_right", "jaw_open", "iod_px", "residual_px", "assessable"),
    *("brows", "lids", "eyes", "nose_cheeks", "mouth"),
    *("sensitivity_upper_iod", "sensitivity_lower_iod"),
)

_MEASURED = {  # fields of `FrameRow` that may be empty, and their columns
    name.lower(): name for name in COLUMNS[5:] if name != "assessable"
}


@dataclass(frozen=True, slots=True)
class FrameRow:
    frame: int
    face_id: int
    timestamp_s: float  # on the time line of the source
    confidence: float  # of the face, [0, 1]
    success: bool  # a face was found
    pose_rx: float  # pitch, radians
    pose_ry: float  # yaw
    pose_rz: float  # roll
    blink_left: float
    blink_right: float
    jaw_open: float
    iod_px: float
    residual_px: float  # residual of the alignment, crop pixels; not finite: not aligned
    assessable: Assessable
    brows: float
    lids: float
    eyes: float
    nose_cheeks: float
    mouth: float
    # smallest movement of which 8 of 10 would be found now, share of the IOD
    sensitivity_upper_iod: float = math.nan
    sensitivity_lower_iod: float = math.nan

    @classmethod
    def without_face(
        cls, frame: int, timestamp_s: float, verdict: Assessable = Assessable.NO_FACE
    ) -> FrameRow:
        nothing = (0.0,) * 3
        unmeasured = (math.nan,) * 5
        return cls(
            *(frame, 0, timestamp_s, 0.0, False),
            *nothing,
            *unmeasured,
            verdict,
            *unmeasured,
        )

    @classmethod
    def of_face(
        cls,
        frame: int,
        timestamp_s: float,
        face: Face,
        verdict: Assessable,
        *,
        strengths: Sequence[float],
        stabilised: Stabilised | None,
        sensitivity: Sensitivity = UNKNOWN,
    ) -> FrameRow:
        """The row of a face that was found.

        Args:
            strengths: of the streams, in the order of `Stream`.
            stabilised: the aligned frame, where there is one.
        """
        angles = head_angles(face.landmarks)
        brows, lids, eyes, nose_cheeks, mouth = strengths
        return cls(
            frame=frame,
            face_id=face.id,
            timestamp_s=timestamp_s,
            confidence=face.score,
            success=True,
            pose_rx=math.radians(angles.pitch),
            pose_ry=math.radians(angles.yaw),
            pose_rz=math.radians(angles.roll),
            blink_left=face.signs.blink_left,
            blink_right=face.signs.blink_right,
            jaw_open=face.signs.jaw_open,
            iod_px=inter_ocular(face.landmarks),
            residual_px=math.inf if stabilised is None else stabilised.residual_px,
            assessable=verdict,
            brows=brows,
            lids=lids,
            eyes=eyes,
            nose_cheeks=nose_cheeks,
            mouth=mouth,
            sensitivity_upper_iod=sensitivity.upper_iod,
            sensitivity_lower_iod=sensitivity.lower_iod,
        )

    @classmethod
    def from_cells(cls, cells: Mapping[str, str]) -> FrameRow:
        """The row of its cells by column; an empty one is not a number.

        Raises:
            KeyError, ValueError: it is no row of this table.
        """
        measured = {
            # tables of earlier versions end before the sensitivity
            name: float(cells[column]) if cells.get(column) else math.nan
            for name, column in _MEASURED.items()
        }
        return cls(
            frame=int(cells["frame"]),
            face_id=int(cells["face_id"]),
            timestamp_s=float(cells["timestamp"]),
            confidence=float(cells["confidence"]),
            success=cells["success"] == "1",
            assessable=Assessable[cells["assessable"].upper()],
            **measured,
        )

    def to_csv(self) -> str:
        """The row without its newline; a value that was not measured is an empty cell."""
        return ",".join(
            (
                str(self.frame),
                str(self.face_id),
                _number(self.timestamp_s, 6),
                _number(self.confidence, 4),
                str(int(self.success)),
                *(_number(v, 5) for v in (self.pose_rx, self.pose_ry, self.pose_rz)),
                *(_number(v, 4) for v in (self.blink_left, self.blink_right, self.jaw_open)),
                _number(self.iod_px, 2),
                _number(self.residual_px, 3),
                self.assessable.name.lower(),
                *(_number(v, 3) for v in (self.brows, self.lids, self.eyes)),
                *(_number(v, 3) for v in (self.nose_cheeks, self.mouth)),
                *(_number(v, 4) for v in (self.sensitivity_upper_iod, self.sensitivity_lower_iod)),
            )
        )


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
            for cells in csv.DictReader(file):
                if None not in cells.values():  # torn by a kill
                    yield made_of(cells)
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DataError(f"{path} is not a table of frames: {error}") from error


def _verdict(cells: Mapping[str, str]) -> Verdict:
    return Verdict(float(cells["timestamp"]), Assessable[cells["assessable"].upper()])


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text  # no "-0.000"
