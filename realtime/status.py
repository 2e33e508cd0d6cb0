"""What the dashboard shows: one immutable picture of the program, made by the pipeline.

The pipeline makes a fresh `Status` several times a second; the dashboard only reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from realtime.capture.stats import CaptureStats
from realtime.event import Event
from realtime.face.assessability import Assessable


@dataclass(frozen=True, slots=True)
class StageTime:
    name: str
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Trace:
    """Recent motion of one region group in noise units, oldest first."""

    group: str
    values: tuple[float, ...]
    threshold: float


@dataclass(frozen=True, slots=True)
class Status:
    source: str  # printable, without secrets
    size: tuple[int, int]  # width, height
    elapsed_s: float  # source time since its first frame
    capture: CaptureStats
    ring_held: int
    ring_capacity: int
    analysed: int
    skipped: int  # frames that the analysis dropped
    stages: tuple[StageTime, ...]
    faces: int
    assessable: Assessable
    detector: str  # "resting", "rising", "paused", ...
    traces: tuple[Trace, ...]
    events: tuple[Event, ...]  # the last few, oldest first
    micro_count: int
    rejected_count: int
    engine: str  # "onnxruntime-f32 3f9c…", or "motion only"
    engine_state: str  # "ready", "loading", "restarting", ...
    recording: str  # "off", "idle", "writing clips/0003.mp4", "PAUSED: disk full"
    session: str | None  # the session folder
    disk_free_bytes: int | None
    face_picture: NDArray[np.uint8] | None = None  # (h, w, 3) BGR cut-out around the face
    notices: tuple[str, ...] = field(default=())  # lines the user should see, newest last
