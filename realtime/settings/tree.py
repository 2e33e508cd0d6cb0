"""The tree of settings.  Every field has its unit in its name and its limits beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from realtime.face.assessability import AssessConfig
from realtime.face.choice import FaceChoice
from realtime.limits import Limits
from realtime.motion.stabiliser import StabiliserConfig
from realtime.spotting.spotter import SpotterConfig

MOST_FACES = 8  # watched side by side


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


def _backend(value: str) -> str:
    if not all(part.isascii() and part.isalnum() for part in value.split("-", 1)):
        raise ValueError("a runtime is needed, or a runtime and a precision: openvino-int8")
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


class RecorderSettings(_Section):
    record: Annotated[bool, Limits("write a session folder")] = True
    output: Annotated[Path, Limits("folder in which session folders are made")] = Path("sessions")
    pre_s: Annotated[float, Limits("clip before the onset, s", 0, 60)] = 1.0
    post_s: Annotated[float, Limits("clip after the offset, s", 0, 60)] = 1.0


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
    recorder: RecorderSettings = RecorderSettings()
    engine: EngineSettings = EngineSettings()
    lab: LabSettings = LabSettings()
    dashboard: DashboardSettings = DashboardSettings()
