"""What the dashboard shows: one immutable picture of the program, made by the pipeline.

The pipeline makes a fresh `Status` several times a second; the dashboard only reads it.  Its
`Counts` are those of session.json and of the table of a batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, NonNegativeInt

from realtime.capture.stats import CaptureStats
from realtime.event import Event
from realtime.face.assessability import Assessable
from realtime.face.signal_quality import SignalQuality
from realtime.spotting.onset import DetectorState
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity


class EngineState(Enum):
    NONE = "no engine"  # motion only
    LOADING = "loading"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"  # for good


class RecordingState(Enum):
    OFF = "off"
    IDLE = "idle"
    WRITING = "writing"
    PAUSED = "PAUSED"  # the disk takes nothing; detection goes on
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class FrameCounts:
    read: NonNegativeInt = 0  # undecodable and refused ones too
    undecodable: NonNegativeInt = 0  # damaged, or dependent on one that is
    refused: NonNegativeInt = 0  # not later than the frame before, or of a stop
    dropped: NonNegativeInt = 0  # analysis was behind
    analysed: NonNegativeInt = 0
    missing: NonNegativeInt = 0  # of a live source: never delivered, by its own rate
    skipped: NonNegativeInt = 0  # left out by --analyse-every


@dataclass(frozen=True, slots=True)
class SecondsCounts:
    seen: NonNegativeFloat = 0.0  # from the first analysed frame to the last
    judged: NonNegativeFloat = 0.0  # with an assessable face
    speech_masked: NonNegativeFloat = 0.0  # of these: the lower face was masked by speech
    # by reason, longest first; with `judged` they add up to `seen`
    not_judged: Mapping[str, NonNegativeFloat] = field(default_factory=dict)
    # of the largest face, by half of the face and size in % IOD: share of the judged seconds in
    # which 8 of 10 movements of this size would have been found
    sensitivity: Mapping[str, Mapping[str, NonNegativeFloat]] = field(default_factory=dict)
    cut_off: NonNegativeFloat = 0.0  # of a file: before the end that its header states


@dataclass(frozen=True, slots=True)
class EngineCounts:
    """Pairs of frames that were submitted to the engine."""

    answered: NonNegativeInt = 0
    failed: NonNegativeInt = 0  # its process died or hung, or its answer was not finite
    refused: NonNegativeInt = 0  # too many at once, or the engine is gone
    restarted: NonNegativeInt = 0  # its process


@dataclass(frozen=True, slots=True)
class RecorderCounts:
    clips: NonNegativeInt = 0  # closed and readable
    missing_frames: NonNegativeInt = 0  # of clips, dropped by a live ring
    suppressed: NonNegativeInt = 0  # clips and sets of stills not begun
    failures: NonNegativeInt = 0  # clips, stills, rows and lines that could not be written


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """The session's own video."""

    segments: NonNegativeInt = 0
    frames: NonNegativeInt = 0  # written
    missing_frames: NonNegativeInt = 0  # dropped by a live ring, or not taken by the disk
    failures: NonNegativeInt = 0  # segments that ended early


@dataclass(frozen=True, slots=True)
class Counts:
    frames: FrameCounts = FrameCounts()
    seconds: SecondsCounts = SecondsCounts()
    reconnects: NonNegativeInt = 0
    restarts: NonNegativeInt = 0  # times that stamps, size or the program did not go on
    events: Mapping[str, NonNegativeInt] = field(default_factory=dict)  # by kind
    engine: EngineCounts | None = None  # None: motion only
    recorder: RecorderCounts = RecorderCounts()
    video: VideoCounts | None = None  # None: without --pictures video


@dataclass(frozen=True, slots=True)
class StageTime:
    name: str
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is the same during a whole run."""

    participant: str = ""
    profile: str = ""  # of the person, by name; "": none
    lsl: bool = False  # events go out as LSL markers
    duration_s: float | None = None  # of a file, or up to --seconds; None: not known


@dataclass(frozen=True, slots=True)
class Trace:
    """One signal, a value for each slot of the window, oldest first; NaN: no frame."""

    name: str
    values: tuple[float, ...]
    threshold: float = math.nan  # NaN: none, or not known yet


@dataclass(frozen=True, slots=True)
class MotionWindow:
    """The last seconds of the largest face, in slots of equal length."""

    end_s: float = 0.0  # source time at the end of the newest slot
    slot_s: float = 0.04
    # Score of each region group, sigmas.  The threshold is the score from which movements of this
    # face are flagged at the target false-alarm rate.
    traces: tuple[Trace, ...] = ()
    lanes: tuple[Trace, ...] = ()  # blink, gaze, speech, head: shares of a full movement, [0, 1]
    judged: tuple[bool, ...] = ()  # of each slot: the face was assessable


@dataclass(frozen=True, slots=True)
class FacePicture:
    """A cut-out around the largest face."""

    image: NDArray[np.uint8]  # (h, w, 3) BGR
    regions: NDArray[np.float64]  # (31, 2) centres of the regions, pixels of the image
    iod_px: float


@dataclass(frozen=True, slots=True)
class Status:
    source: str  # printable, without secrets
    live: bool  # a camera or stream, not a film
    size: tuple[int, int]  # width, height
    elapsed_s: float  # source time since its first frame
    capture: CaptureStats
    ring_held: int
    ring_capacity: int
    counts: Counts
    stages: tuple[StageTime, ...]
    faces: int
    assessable: Assessable
    paused: bool  # by the user
    detector: DetectorState | None  # of the largest face; None: there is none to be judged
    motion: MotionWindow
    events: tuple[Event, ...]  # the newest, oldest first
    engine: str  # "onnxruntime-f32 3f9c…", or "motion only"
    engine_state: EngineState
    engine_detail: str  # why its process was last replaced, how far it has loaded, or ""
    recording: RecordingState
    recording_detail: str  # "clips/0003.mp4", "disk full", or ""
    session: str | None  # the session folder
    disk_free_bytes: int | None
    alarms_per_minute: float  # target false-alarm rate
    facts: RunFacts = RunFacts()
    left_s: float | None = None  # of wall time to the end of a file; None: not known
    quality: SignalQuality | None = None  # of the largest face
    sensitivity: Sensitivity = UNKNOWN  # of the largest face
    face: FacePicture | None = None
    notices: tuple[str, ...] = field(default=())  # lines the user should see, newest last

    @property
    def micro_count(self) -> int:
        """Flagged, and not retracted."""
        return self.counts.events.get("micro", 0)

    @property
    def rejected_count(self) -> int:
        return self.counts.events.get("rejected", 0)
