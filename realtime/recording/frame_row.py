"""One row of `frames.csv`: a face of an analysed frame, or a frame without one.

The leading columns carry OpenFace's names and units (seconds, radians), so its readers work here;
the others are ours: signs in shares of a full movement, distances in pixels of the frame, motion
of the five streams in noise units.  Numbers have a fixed format: the same video gives the same
bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from realtime.face.assessability import Assessable
from realtime.face.face import Face
from realtime.face.geometry import inter_ocular
from realtime.face.head_pose import head_angles, head_position
from realtime.motion.stabiliser import Stabilised
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity

COLUMNS = (
    *("frame", "face_id", "timestamp", "confidence", "success"),
    *("pose_Rx", "pose_Ry", "pose_Rz"),
    *("blink_left", "blink_right", "jaw_open", "iod_px", "residual_px", "assessable"),
    *("brows", "lids", "eyes", "nose_cheeks", "mouth"),
    *("sensitivity_upper_iod", "sensitivity_lower_iod"),
    *("pose_Tx", "pose_Ty", "pose_Tz", "gaze_x", "gaze_y"),
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
    pose_tx: float = math.nan  # of the eyes' midpoint before the camera, mm: right
    pose_ty: float = math.nan  # down
    pose_tz: float = math.nan  # away
    gaze_x: float = math.nan  # as in `FaceSigns`
    gaze_y: float = math.nan

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
        size: tuple[int, int],
        strengths: Sequence[float],
        stabilised: Stabilised | None,
        sensitivity: Sensitivity = UNKNOWN,
    ) -> FrameRow:
        """The row of a face that was found.

        Args:
            size: width and height of the frame, px.
            strengths: of the streams, in the order of `Stream`.
            stabilised: the aligned frame, where there is one.
        """
        angles = head_angles(face.landmarks)
        position = head_position(face.landmarks, *size)
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
            pose_tx=position.x_mm,
            pose_ty=position.y_mm,
            pose_tz=position.z_mm,
            gaze_x=face.signs.gaze_x,
            gaze_y=face.signs.gaze_y,
        )

    @classmethod
    def from_cells(cls, cells: Mapping[str, str]) -> FrameRow:
        """The row of its cells by column; an empty one is not a number.

        Raises:
            KeyError, ValueError: it is no row of this table.
        """
        measured = {
            # tables of earlier versions end before the last columns
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
                *(_number(v, 1) for v in (self.pose_tx, self.pose_ty, self.pose_tz)),
                *(_number(v, 4) for v in (self.gaze_x, self.gaze_y)),
            )
        )


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text  # no "-0.000"
