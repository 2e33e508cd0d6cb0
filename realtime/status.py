"""What the dashboard shows: one immutable picture of the program, made by the pipeline.

The pipeline makes a fresh `Status` several times a second; the dashboard only reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from realtime.events import Event


class CameraState(Enum):
    OPENING = "OPENING"
    LIVE = "LIVE"
    FROZEN = "FROZEN"  # frames come, but always the same picture
    LOST = "LOST"  # no frame, or none that changed; being reopened
    ENDED = "ENDED"  # a file played to its end
    CLOSED = "CLOSED"


class Assessable(Enum):
    """Whether the face can be judged now; every value but YES leaves its seconds out of rates."""

    YES = "assessable"
    NO_FACE = "no face"
    TOO_SMALL = "face too small"
    TOO_DARK = "too dark"
    TURNED_AWAY = "turned away"
    CUT_OFF = "partly out of the picture"
    LOW_RATE = "under 25 fps"
    UNSTABLE = "head moving too fast"
    OCCLUDED = "face covered"
    COMPRESSED = "video too compressed"
    SETTLING = "learning this face at rest"


@dataclass(frozen=True, slots=True)
class CaptureStats:
    state: CameraState
    frames: int  # delivered since the start
    missing: int  # frames the source should have delivered by its own rate, and did not
    refused: int  # frames turned away: damaged, wrong size, time not moving forward
    reopened: int  # times the source was lost and came back
    age_s: float  # since the newest frame that differed from the one before; inf before the first
    asked_fps: float | None  # what the user asked for
    told_fps: float | None  # what the driver or the file claims
    measured_fps: float  # over the last two seconds of frames; 0 before

    @property
    def loss(self) -> float:
        """Share of the frames that should have come and did not."""
        return self.missing / max(1, self.frames + self.missing)


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
    skipped: int  # frames analysis had to let go
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
