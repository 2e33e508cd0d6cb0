"""Statuses as a running program would make them, for the dashboard's tests.

`python -m tests.realtime.dashboard.scenes 100 30 [lost|dark|motion]` prints one to look at.
"""

from __future__ import annotations

import dataclasses
import io
import math
import sys

import numpy as np
from rich.console import Console

from realtime.capture.stats import CameraState, CaptureStats
from realtime.dashboard.halfblock import ColourMode
from realtime.dashboard.layout import picture
from realtime.dashboard.motion_history import LANES
from realtime.dashboard.pictures import Look
from realtime.dashboard.view import INITIAL, View
from realtime.event import CLASSES, Classification, Event, Kind
from realtime.face.assessability import Assessable
from realtime.face.geometry import CROP_EYES, CROP_IOD, canonical_in_crop
from realtime.face.signal_quality import SignalQuality
from realtime.motion.regions import Stream, region_centres
from realtime.spotting.onset import DetectorState
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity
from realtime.status import (
    Counts,
    EngineState,
    FacePicture,
    FrameCounts,
    MotionWindow,
    RecordingState,
    RunFacts,
    SecondsCounts,
    StageTime,
    Status,
    Trace,
)

GROUPS = tuple(stream.value for stream in Stream)
STAGES = (
    StageTime("landmarks", 7.4, 8.9),
    StageTime("stabiliser", 0.8, 1.1),
    StageTime("motion", 0.3, 0.5),
    StageTime("onset, apex", 0.1, 0.1),
    StageTime("engine", 91.2, 104.0),
)


def event(
    number: int,
    apex_s: float,
    *,
    kind: Kind = "micro",
    label: str | None = "surprise",
    confounders: tuple[str, ...] = (),
) -> Event:
    verdict = None
    if label is not None:
        shares = [0.06, 0.06, 0.06]
        shares[CLASSES.index(label)] = 0.88
        verdict = Classification(label, (shares[0], shares[1], shares[2]), 0.93, "onnxruntime-f32")
    return Event(
        id=f"{number:04d}",
        face=0,
        face_box=(200.0, 90.0, 420.0, 370.0),
        kind=kind,
        onset_s=apex_s - 0.167,
        apex_s=apex_s,
        offset_s=apex_s + 0.233,
        flagged_s=apex_s + 0.133,
        onset_frame=round(30 * apex_s) - 5,
        apex_frame=round(30 * apex_s),
        offset_frame=round(30 * apex_s) + 7,
        peak_motion_iod=0.021,
        peak_sigma=9.4,
        regions=(0.31, 0.44, 0.05, 0.03, 0.10, 0.07),
        confounders=confounders,
        classification=verdict,
    )


EVENTS = (
    event(1, 12.3),
    event(2, 21.7, kind="rejected", label=None, confounders=("blink",)),
    event(3, 33.1, label="negative"),
    event(4, 40.0, kind="macro", label="positive"),
    event(5, 58.2, kind="rejected", label=None, confounders=("speech", "head motion")),
    event(6, 82.4, label="positive"),
)


def face_picture(size: int = 120) -> np.ndarray:
    """A drawn face, BGR: enough shape and colour to see whether the half-blocks are right."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    image = np.zeros((size, size, 3), np.uint8)
    image[:] = (70, 50, 40)
    image[(x / 0.7) ** 2 + (y / 0.9) ** 2 < 1] = (140, 170, 225)
    for side in (-0.3, 0.3):
        image[((x - side) / 0.13) ** 2 + ((y + 0.2) / 0.08) ** 2 < 1] = (60, 40, 30)
    image[(np.abs(x) < 0.25) & (np.abs(y - 0.45) < 0.05)] = (80, 80, 190)
    shade = (0.75 + 0.25 * np.cos(x - 0.4))[..., None]
    return (image * shade).astype(np.uint8)


def face() -> FacePicture:
    image = face_picture()
    places = 60 + 24 * (canonical_in_crop() - CROP_EYES) / CROP_IOD
    landmarks = np.concatenate([places, np.zeros((10, 2))])
    return FacePicture(image, region_centres(landmarks), 24.0)


def motion(threshold: float = 6.0) -> MotionWindow:
    """Ten seconds of five groups: a movement of two of them, a blink, and a second unjudged."""
    noise = np.random.default_rng(7)
    t = np.arange(250) * 0.04
    made = []
    for i, group in enumerate(GROUPS):
        values = np.abs(noise.normal(1.0, 0.5, t.size))
        values += (3.0 + 9.0 * (i < 2)) * np.exp(-(((t - 8.1) / 0.12) ** 2))
        values[50:75] = np.nan
        made.append(Trace(group, tuple(values.tolist()), threshold))
    blink = tuple(np.exp(-(((t - 6.0) / 0.1) ** 2)).tolist())
    still = (0.02,) * t.size
    lanes = tuple(Trace(name, blink if name == "blink" else still) for name in LANES)
    judged = tuple(not 50 <= k < 75 for k in range(t.size))
    return MotionWindow(84.3, 0.04, tuple(made), lanes, judged)


def capture(state: CameraState = CameraState.LIVE, **changes: float) -> CaptureStats:
    stats = CaptureStats(state, 2530, 3, 1, 0, 0, 0.02, 30.0, 30.0, 29.9)
    return dataclasses.replace(stats, **changes)  # type: ignore[arg-type]


def counts(*, micro: int = 3, rejected: int = 2, dropped: int = 0) -> Counts:
    return Counts(
        frames=FrameCounts(2531, 1, 0, dropped, 2527, 3),
        seconds=SecondsCounts(
            84.3, 80.1, 0.0, {"too dark": 2.2, "learning this face at rest": 2.0}
        ),
        events={"macro": 1, "micro": micro, "rejected": rejected},
    )


def status(**changes: object) -> Status:
    """A session 84 seconds old in which all is well."""
    usual = Status(
        source="camera 0 (Integrated Webcam)",
        live=True,
        size=(640, 480),
        elapsed_s=84.3,
        capture=capture(),
        ring_held=118,
        ring_capacity=150,
        counts=counts(),
        stages=STAGES,
        faces=1,
        assessable=Assessable.YES,
        paused=False,
        detector=DetectorState.RESTING,
        motion=motion(),
        events=EVENTS,
        engine="onnxruntime-f32 3f9c12ab",
        engine_state=EngineState.READY,
        engine_detail="",
        recording=RecordingState.IDLE,
        recording_detail="",
        session="sessions/2026-11-23_20-14-05",
        disk_free_bytes=113_400_000_000,
        alarms_per_minute=0.2,
        facts=RunFacts("P07", "anna", lsl=True),
        quality=SignalQuality(29.9, 120.0, 74.0, 0.09, 0.03, 0.0),
        sensitivity=Sensitivity(0.013, 0.024, 6.0, 7.5),
        face=face(),
    )
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]


SCENES = {
    "well": status(),
    "lost": status(
        capture=capture(CameraState.LOST, age_s=3.4, measured_fps=0.0, reconnects=2),
        assessable=Assessable.NO_FACE,
        detector=None,
        face=None,
        quality=None,
        faces=0,
        notices=("camera 0 went away at 0:01:21",),
    ),
    "frozen": status(capture=capture(CameraState.FROZEN, age_s=2.1), detector=None),
    "dark": status(
        assessable=Assessable.TOO_DARK, detector=None, elapsed_s=300.0, sensitivity=UNKNOWN
    ),
    "film": status(
        source="interview.mp4",
        live=False,
        facts=RunFacts(duration_s=600.0),
        left_s=312.0,
        faces=2,
        events=tuple(dataclasses.replace(e, face=k % 2) for k, e in enumerate(EVENTS)),
    ),
    "many": status(
        events=tuple(
            event(k, 0.5 * k, kind="micro" if k % 3 == 0 else "rejected", confounders=("blink",))
            for k in range(1, 60)
        )
    ),
    "motion": status(
        engine="motion only",
        engine_state=EngineState.NONE,
        events=tuple(dataclasses.replace(e, classification=None) for e in EVENTS),
        recording=RecordingState.PAUSED,
        recording_detail="disk full",
        disk_free_bytes=400_000_000,
        notices=("the disk is full: clips are paused, events are still written",),
    ),
    "opening": status(
        capture=CaptureStats(
            CameraState.OPENING, 0, 0, 0, 0, 0, math.inf, None, None, measured_fps=0.0
        ),
        elapsed_s=0.0,
        events=(),
        motion=MotionWindow(),
        stages=(),
        faces=0,
        face=None,
        quality=None,
        facts=RunFacts(),
        assessable=Assessable.NO_FACE,
        session=None,
        disk_free_bytes=None,
        size=(0, 0),
        detector=None,
        engine_state=EngineState.LOADING,
        recording=RecordingState.OFF,
        ring_held=0,
        counts=Counts(),
    ),
}


def rendered(
    shown: Status,
    columns: int,
    rows: int,
    *,
    look: ColourMode = ColourMode.FULL,
    view: View = INITIAL,
    silent_s: float = 0.0,
) -> list[str]:
    """What the screen would show, line by line, without colours."""
    console = Console(width=columns, height=rows, record=True, file=io.StringIO())
    console.print(picture(shown, (columns, rows), Look(look), view, silent_s=silent_s), height=rows)
    return console.export_text().rstrip("\n").split("\n")


if __name__ == "__main__":
    columns, rows = int(sys.argv[1]), int(sys.argv[2])
    scene = SCENES[sys.argv[3] if len(sys.argv) > 3 else "well"]
    console = Console(width=columns, height=rows, force_terminal=True, color_system="truecolor")
    console.print(picture(scene, (columns, rows), Look(ColourMode.FULL)), height=rows)
