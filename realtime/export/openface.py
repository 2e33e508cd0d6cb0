"""A table of frames as OpenFace 2 writes it, for programs that read OpenFace's (`--openface`).

Signs and units are OpenFace's: its camera looks along z, x is to the right of the picture and y
downwards; angles turn by the right hand about these axes; millimetres and radians.  What
was not measured is an empty cell: of the action units only the blink, AU45, is.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path

from realtime.atomic_file import write_whole
from realtime.recording.frame_row import FrameRow

FULL_GAZE_RAD = math.radians(30)  # of an eye in the head, at a gaze of 1

_UNITS = [f"{unit:02}" for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26)]
_GAZE = [f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"]
COLUMNS = (
    *("frame", "face_id", "timestamp", "confidence", "success"),
    *(*_GAZE, "gaze_angle_x", "gaze_angle_y"),
    *("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz"),
    *(*(f"AU{unit}_r" for unit in _UNITS), "AU45_r"),
    *(*(f"AU{unit}_c" for unit in _UNITS), "AU28_c", "AU45_c"),
)

_CLOSED = 0.5  # of a lid, from which it counts as a blink
_MOST = 5.0  # intensity of an action unit


def write_openface(path: Path, rows: Iterable[FrameRow]) -> int:
    """Write the table, whole or not at all; the rows that are in it.

    Raises:
        RecordingError: it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one is returned
        writer.writerow({name: _shown(value) for name, value in _cells(row).items()})
    write_whole(path, text.getvalue().encode())
    return count


def _cells(row: FrameRow) -> dict[str, float | int]:
    cells: dict[str, float | int] = {
        "frame": row.frame + 1,  # OpenFace counts from 1
        "face_id": row.face_id,
        "timestamp": row.timestamp_s,
        "confidence": row.confidence,
        "success": int(row.success),
    }
    if not row.success:
        return cells
    angle_x = row.pose_ry + FULL_GAZE_RAD * row.gaze_x
    angle_y = -row.pose_rx - FULL_GAZE_RAD * row.gaze_y
    direction = math.tan(angle_x), math.tan(angle_y), -1.0
    length = math.hypot(*direction)
    # both eyes have one direction: the gaze is known as their mean
    cells |= dict(zip(_GAZE, 2 * [part / length for part in direction], strict=True))
    closed = (row.blink_left + row.blink_right) / 2
    return cells | {
        "gaze_angle_x": angle_x,
        "gaze_angle_y": angle_y,
        "pose_Tx": row.pose_tx,
        "pose_Ty": row.pose_ty,
        "pose_Tz": row.pose_tz,
        "pose_Rx": -row.pose_rx,
        "pose_Ry": -row.pose_ry,
        "pose_Rz": row.pose_rz,
        "AU45_r": _MOST * closed,
        "AU45_c": math.nan if math.isnan(closed) else int(closed > _CLOSED),
    }


def _shown(value: float | int) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.5f}" if math.isfinite(value) else ""
