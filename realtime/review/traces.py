"""What `frames.csv` says of a session, as series: motion, what confounds it, what was judged.

Arrays of n frames, of one face each; seconds are those of the session's time base.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.face.assessability import Assessable
from realtime.face.judged_time import JudgedTimer, UnjudgedSpan, Verdict
from realtime.recording.frame_row import FrameRow
from realtime.recording.frames_csv import read_rows

STREAMS = ("brows", "lids", "eyes", "nose_cheeks", "mouth")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SessionTraces:
    face_id: NDArray[np.int64]  # (n,)
    t_s: Array  # (n,) in order
    streams: Array  # (n, 5) motion in sigma, in the order of STREAMS
    blink: Array  # (n,) the larger eye's closure, 0 to 1
    head: Array  # (n, 3) pitch, yaw, roll in degrees
    jaw: Array  # (n,) opening, 0 to 1
    unjudged: tuple[UnjudgedSpan, ...]

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last frame; 0, 0 without any."""
        return (float(self.t_s[0]), float(self.t_s[-1])) if len(self.t_s) else (0.0, 0.0)

    def between(self, start_s: float, end_s: float, face_id: int | None) -> SessionTraces:
        """A stretch of one face; None: of the face that is there most often."""
        inside = (self.t_s >= start_s) & (self.t_s <= end_s)
        faces, counts = np.unique(self.face_id[inside], return_counts=True)
        if face_id is None and len(faces):
            face_id = int(faces[counts.argmax()])
        rows = inside & (self.face_id == face_id)
        return SessionTraces(
            self.face_id[rows],
            self.t_s[rows],
            self.streams[rows],
            self.blink[rows],
            self.head[rows],
            self.jaw[rows],
            tuple(s for s in self.unjudged if s.end_s > start_s and s.start_s < end_s),
        )

    @property
    def head_turn(self) -> Array:
        """(n,) degrees from the middle of this stretch."""
        if not len(self.head):
            return np.zeros(0)
        turned: Array = np.linalg.norm(self.head - np.nanmedian(self.head, axis=0), axis=1)
        return turned


def read_traces(session_folder: Path) -> SessionTraces:
    """Of a session; without any frame, where it has no table of frames.

    Raises:
        DataError: the table is not ours.
    """
    rows = list(read_rows(session_folder))
    found = [row for row in rows if row.success]
    values = np.array([_values(row) for row in found], np.float64).reshape(len(found), 11)
    return SessionTraces(
        np.array([row.face_id for row in found], np.int64),
        values[:, 0],
        values[:, 1:6],
        values[:, 6],
        values[:, 7:10],
        values[:, 10],
        tuple(_unjudged(rows)),
    )


def _values(row: FrameRow) -> list[float]:
    angles = (math.degrees(a) for a in (row.pose_rx, row.pose_ry, row.pose_rz))
    blink = max(row.blink_left, row.blink_right)
    streams = (getattr(row, name) for name in STREAMS)
    return [row.timestamp_s, *streams, blink, *angles, row.jaw_open]


def _unjudged(rows: Iterable[FrameRow]) -> list[UnjudgedSpan]:
    """Stretches in which no face was assessable."""
    verdicts: dict[float, Verdict] = {}
    for row in rows:
        if row.timestamp_s not in verdicts or row.assessable is Assessable.YES:
            verdicts[row.timestamp_s] = Verdict(row.timestamp_s, row.assessable)
    timer = JudgedTimer()
    for verdict in verdicts.values():
        timer.note(verdict)
    if verdicts:  # what is open at the end ends with the last frame
        timer.note(Verdict(max(verdicts), Assessable.YES))
    return timer.ended_spans()
