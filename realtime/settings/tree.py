"""The tree of settings.  Every field has its unit in its name and its limits beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from realtime.consent.decision import ConsentRequired
from realtime.face.assessability import AssessConfig
from realtime.face.choice import FaceChoice
from realtime.limits import Limits
from realtime.motion.stabiliser import StabiliserConfig
from realtime.spotting.spotter import SpotterConfig

Pictures = Literal["none", "stills", "clips", "video"]  # each keeps those before it too
Purpose = Literal["research", "medical", "safety", "art", "private", "work", "education"]
MOST_FACES = 8  # watched side by side
MOST_NAME = 100  # characters of a participant or condition


def _size(value: object) -> object:
    """(width, height) of "WIDTHxHEIGHT"; anything else is left to the type's own check."""
    if not isinstance(value, str):
        return value
    width, cross, height = value.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise ValueError("write WIDTHxHEIGHT, such as 1280x720")
    return int(width), int(height)


def _fourcc(value: str) -> str:
    if len(value) != 4 or not (value.isascii() and value.isalnum()):
        raise ValueError("four letters or digits are needed, such as MJPG")
    return value


def one_name(value: str) -> str:
    """A participant or condition.  Raises ValueError: it is not one short line."""
    if not value.isprintable() or value != value.strip() or len(value) > MOST_NAME:
        raise ValueError(
            f"up to {MOST_NAME} characters on one line are needed, without blanks at the ends"
        )
    return value


def _backend(value: str) -> str:
    if not all(part.isascii() and part.isalnum() for part in value.split("-", 1)):
        raise ValueError("a runtime is needed, or a runtime and a precision: openvino-int8")
    return value


def _allowed(value: Purpose | None) -> Purpose | None:
    if value in ("work", "education"):
        raise ValueError(
            "in the European Union it is prohibited to infer emotions at work and in education "
            "(AI Act, Article 5(1)(f)); medical and safety reasons have a purpose of their own"
        )
    return value


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceSettings(_Section):
    camera: Annotated[
        int | None, Limits("camera number, as fleeting live --list-cameras prints it", 0, 63)
    ] = None
    source: Annotated[
        str | None,
        Limits("video file, folder of numbered images, or http(s):// or rtsp(s):// stream"),
    ] = None
    demo: Annotated[bool, Limits("built-in subject whose movements are known")] = False
    size: Annotated[
        tuple[int, int] | None,
        BeforeValidator(_size),
        Limits("frame size requested of a camera, WIDTHxHEIGHT in px", 16, 16384),
    ] = (640, 480)
    fps: Annotated[
        float | None,
        Limits(
            "frame rate requested of a camera; rate at which an image folder or a "
            "high-speed film was taken, frames a second",
            1,
            1000,
        ),
    ] = None
    fourcc: Annotated[
        str, AfterValidator(_fourcc), Limits("pixel format requested of a camera")
    ] = "MJPG"
    pace: Annotated[
        Literal["realtime", "fast"],
        Limits("play a file by its time stamps, or as fast as the machine allows"),
    ] = "realtime"
    open_timeout_s: Annotated[
        float, Limits("how long a camera or stream may take to its first picture, s", 1, 300)
    ] = 20.0
    wait_s: Annotated[
        float,
        Limits(
            "how long to try again a camera or stream that is missing or busy at the start, s",
            0,
            86400,
        ),
    ] = 0.0
    seconds: Annotated[
        float | None, Limits("stop after this much of the source, s", 0, above=True)
    ] = None
    analyse_every: Annotated[
        int, Limits("analyse every n-th frame, for machines that are too slow for all", 1, 100)
    ] = 1

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.camera is not None, self.source is not None, self.demo]
        if sum(given) != 1:
            raise ValueError("give exactly one of --camera N, --source WHAT and --demo")
        if self.pace == "fast" and self.camera is not None:
            raise ValueError("a camera has its own pace; --pace fast is for files and folders")
        return self


class FaceSettings(_Section):
    tracker: Annotated[Literal["litert", "insightface"], Limits("what detects the face")] = "litert"
    model: Annotated[
        Path | None, Limits("file face_landmarker.task, for machines without a network")
    ] = None
    pack: Annotated[Path | None, Limits("folder of an insightface model pack")] = None
    faces: Annotated[int, Limits("faces to watch, the largest first", 1, MOST_FACES)] = 1
    face: Annotated[
        FaceChoice, Limits("which face to watch where there are more; sides are those of the frame")
    ] = "largest"


class PersonSettings(_Section):
    profile: Annotated[
        Path | None, Limits("profile of this person and camera, made by fleeting calibrate person")
    ] = None


class StudySettings(_Section):
    """Of one session alone: kept in its session.json beside the settings, not among them."""

    participant: Annotated[
        str, AfterValidator(one_name), Limits("whose face it is, such as P07")
    ] = ""
    condition: Annotated[
        str, AfterValidator(one_name), Limits("condition of the experiment, such as sad")
    ] = ""


class RecorderSettings(_Section):
    record: Annotated[bool, Limits("write a session folder")] = True
    output: Annotated[Path, Limits("folder in which session folders are made")] = Path("sessions")
    key: Annotated[
        Path | None,
        Limits("encrypt clips and stills with the key in this file, or in the system's keyring"),
    ] = None
    pictures: Annotated[
        Pictures,
        Limits(
            "pictures that are kept: none, numbers alone; stills of events; clips and stills; "
            "video of the whole camera or stream too, in segments of a minute"
        ),
    ] = "clips"
    pre_s: Annotated[float, Limits("clip before the onset, s", 0, 60)] = 1.0
    post_s: Annotated[float, Limits("clip after the offset, s", 0, 60)] = 1.0
    clips: Annotated[
        Literal["flagged", "all"],
        Limits("movements that get a clip; all: rejected ones too, for fleeting review --sample"),
    ] = "flagged"


class ConsentSettings(_Section):
    file: Annotated[
        Path | None,
        Limits(
            "consent file, or ask: the entry is asked for on the terminal; "
            "without one nothing of a camera or stream is kept"
        ),
    ] = None
    required: Annotated[
        ConsentRequired,
        Limits("what is kept with a consent entry alone: of cameras and streams, or of films too"),
    ] = "live"
    purpose: Annotated[
        Purpose | None,
        AfterValidator(_allowed),
        Limits("what the run is for: research, medical, safety, art or private"),
    ] = None


NO_ENGINE = Path("none")


class EngineSettings(_Section):
    folder: Annotated[
        Path | None,
        Limits(
            "engine folder, or none for motion only; without one, that which came with the program"
        ),
    ] = None
    backend: Annotated[
        str,
        AfterValidator(_backend),
        Limits(
            "what runs the engine: auto, tensorrt, onnxruntime, openvino or torch; "
            "with a precision, openvino-int8"
        ),
    ] = "auto"
    # The other cores are for capture and faces.
    threads: Annotated[int, Limits("processor threads of the engine", 1, 64)] = 1
    answer_s: Annotated[
        float, Limits("an event is written without its class after this time, s", 0, 60)
    ] = 0.25


class LabSettings(_Section):
    lsl: Annotated[bool, Limits("send events as LSL markers to the local network")] = False
    only: Annotated[Literal["flagged", "rejected", "all"], Limits("events that --lsl sends")] = (
        "all"
    )
    markers_from: Annotated[
        str | None, Limits("name of an LSL stream whose markers are written to the session")
    ] = None
    markers_port: Annotated[
        int | None,
        Limits(
            "TCP port of this machine (127.0.0.1) that takes a line of text a marker; "
            "0: any free one",
            0,
            65535,
        ),
    ] = None

    @property
    def senders(self) -> str:
        """The options that bring markers in; "": none does."""
        given = {"--markers-from": self.markers_from, "--markers-port": self.markers_port}
        return ", ".join(option for option, value in given.items() if value is not None)

    @property
    def live_only(self) -> str:
        """The options that need the clock of a live source."""
        return ", ".join(filter(None, ("--lsl" if self.lsl else "", self.senders)))


class DashboardSettings(_Section):
    kind: Annotated[
        Literal["auto", "live", "plain", "none"],
        Limits("what the terminal shows; auto is live on a terminal and plain elsewhere"),
    ] = "auto"


class Settings(_Section):
    source: SourceSettings
    face: FaceSettings = FaceSettings()
    assess: AssessConfig = AssessConfig()
    stabiliser: StabiliserConfig = StabiliserConfig()
    spotter: SpotterConfig = SpotterConfig()
    person: PersonSettings = PersonSettings()
    study: StudySettings = StudySettings()
    consent: ConsentSettings = ConsentSettings()
    recorder: RecorderSettings = RecorderSettings()
    engine: EngineSettings = EngineSettings()
    lab: LabSettings = LabSettings()
    dashboard: DashboardSettings = DashboardSettings()
