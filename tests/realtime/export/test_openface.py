"""The table of frames in OpenFace's columns and signs, as programs for OpenFace read it."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from realtime.cli.sessions import export
from realtime.export.openface import COLUMNS
from realtime.face.assessability import Assessable
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CANONICAL
from realtime.recording.frame_row import FrameRow
from realtime.recording.frames_csv import FramesCsv
from realtime.recording.session_folder import SessionFolder
from tests.realtime.review.made_session import event, write_events

SIZE = (640, 480)
IOD_PX = 100.0


def face(*, at: tuple[float, float], turned_rad: float = 0.0, **signs: float) -> Face:
    """A head at a place of the frame, turned to its own left."""
    points = np.array(CANONICAL, np.float64) * IOD_PX
    cos, sin = math.cos(turned_rad), math.sin(turned_rad)
    turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    points = points @ turn.T
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:468] = points + np.array([*at, 0])
    usual = {"blink_left": 0.0, "blink_right": 0.0, "gaze_x": 0.0, "gaze_y": 0.0, "jaw_open": 0.0}
    return Face(0, landmarks, 0.9, FaceSigns(**usual | signs))


def exported(tmp_path: Path, *faces: Face | None) -> list[dict[str, float]]:
    """The rows of a session with these faces, one a frame; an empty cell is NaN."""
    session = tmp_path / "session"
    write_events(session, [event("0001", 2.0)])
    (session / "frames.csv").unlink()
    with FramesCsv(SessionFolder(session)) as table:
        for k, seen in enumerate(faces):
            if seen is None:
                table.append(FrameRow.without_face(k, k / 30))
                continue
            row = FrameRow.of_face(
                k, k / 30, seen, Assessable.YES, size=SIZE, strengths=(0.0,) * 5, stabilised=None
            )
            table.append(row)
    out = tmp_path / "frames.csv"
    assert export.run([str(session), "--openface", str(out)]) == 0
    with out.open(newline="") as file:
        return [
            {name: float(cell) if cell else math.nan for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def test_a_head_straight_before_the_camera(tmp_path: Path) -> None:
    (row,) = exported(tmp_path, face(at=(320, 240)))
    assert tuple(row) == COLUMNS
    assert (row["frame"], row["success"]) == (1, 1)
    # 500 px of focal length, 100 px between eyes that are 63 mm apart
    assert row["pose_Tz"] == pytest.approx(315, rel=0.02)
    assert row["pose_Tx"] == pytest.approx(0, abs=3)
    assert [row[f"pose_R{axis}"] for axis in "xyz"] == pytest.approx([0, 0, 0], abs=0.02)
    assert [row[f"gaze_1_{axis}"] for axis in "xyz"] == pytest.approx([0, 0, -1], abs=0.03)
    assert (row["AU45_r"], row["AU45_c"]) == (0, 0)
    assert math.isnan(row["AU12_r"])


def test_signs_are_those_of_openface(tmp_path: Path) -> None:
    turned, aside, eyes = exported(
        tmp_path,
        face(at=(320, 240), turned_rad=0.3),
        face(at=(420, 290)),
        face(at=(320, 240), gaze_x=0.5, gaze_y=-0.5, blink_left=0.8, blink_right=0.6),
    )
    assert turned["pose_Ry"] == pytest.approx(-0.3, abs=0.02)
    assert turned["pose_Tz"] == pytest.approx(315, rel=0.02)  # no farther, because it is turned
    assert turned["gaze_angle_x"] == pytest.approx(0.3, abs=0.02)
    assert aside["pose_Tx"] == pytest.approx(63, abs=3)
    assert aside["pose_Ty"] == pytest.approx(31.5, abs=3)
    assert eyes["gaze_angle_x"] == pytest.approx(math.radians(15), abs=0.02)
    assert eyes["gaze_angle_y"] == pytest.approx(math.radians(15), abs=0.02)  # down
    assert (eyes["AU45_r"], eyes["AU45_c"]) == (pytest.approx(3.5), 1)


def test_a_frame_without_a_face_has_nothing_measured(tmp_path: Path) -> None:
    (row,) = exported(tmp_path, None)
    assert row["success"] == 0
    assert all(math.isnan(row[name]) for name in COLUMNS[5:])


def test_a_table_that_is_there_stays_unless_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported(tmp_path, None)
    given = [str(tmp_path / "session"), "--openface", str(tmp_path / "frames.csv")]
    assert export.run(given) == 2
    assert "--force" in capsys.readouterr().err
    assert export.run([*given, "--force"]) == 0


def test_py_feat_reads_it(tmp_path: Path) -> None:
    io = pytest.importorskip("feat.utils.io", reason="py-feat is not installed")
    exported(tmp_path, face(at=(320, 240), blink_left=1.0, blink_right=1.0), None)
    fex = io.read_openface(str(tmp_path / "frames.csv"))
    assert fex.poses.shape == (2, 6)
    assert fex.aus["AU45_r"][0] == 5
