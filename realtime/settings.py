"""All settings of a live run: one tree, from which flags, the TOML file and the session file come.

Every field has its unit in its name and its bounds beside it.  Precedence: built-in value, TOML
file, flag.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from realtime.errors import SettingsError
from realtime.face.assessability import AssessConfig
from realtime.motion.stabiliser import StabiliserConfig
from realtime.spotting.spotter import SpotterConfig

MOST_FACES = 8  # watched side by side

Seconds = Annotated[float, Field(ge=0, le=60)]


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    width, cross, height = value.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise ValueError(f"{value} is not a size; write WIDTHxHEIGHT, such as 1280x720")
    return int(width), int(height)


Size = Annotated[tuple[int, int], BeforeValidator(_size)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceSettings(_Section):
    camera: Annotated[int, Field(ge=0, le=63)] | None = None
    source: str | None = None  # file, folder or address
    demo: bool = False
    size: Size | None = (640, 480)  # asked of a camera
    fps: Annotated[float, Field(gt=0, le=1000)] | None = (
        None  # asked of a camera; of a folder, film
    )
    fourcc: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4}$")] = "MJPG"
    pace: Literal["realtime", "fast"] = "realtime"
    seconds: Annotated[float, Field(gt=0)] | None = None  # stop after this much of the source

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.camera is not None, self.source is not None, self.demo]
        if sum(given) != 1:
            raise ValueError("give exactly one of --camera N, --source WHAT and --demo")
        if self.pace == "fast" and self.camera is not None:
            raise ValueError("a camera has its own pace; --pace fast is for files and folders")
        return self


class FaceSettings(_Section):
    tracker: Literal["litert", "insightface"] = "litert"
    model: Path | None = None  # face_landmarker.task; None: the cached one
    pack: Path | None = None  # insightface model pack, a folder
    faces: Annotated[int, Field(ge=1, le=MOST_FACES)] = 1


class PersonSettings(_Section):
    profile: Path | None = None  # of calibration.person


class RecorderSettings(_Section):
    record: bool = True
    output: Path = Path("sessions")
    pre_s: Seconds = 1.0  # before the onset
    post_s: Seconds = 1.0  # after the offset


class EngineSettings(_Section):
    folder: Path | None = None  # None: the one that came with the program
    backend: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z0-9]+)?$")] = "auto"
    threads: Annotated[int, Field(ge=1, le=64)] = 1  # the other cores are for capture and faces
    answer_s: Seconds = 0.25  # an event is written without its class after this


class LabSettings(_Section):
    lsl: bool = False  # events as markers on the local network


class DashboardSettings(_Section):
    kind: Literal["auto", "live", "plain", "none"] = "auto"


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

    @classmethod
    def load(cls, file: Path | None, flags: Mapping[str, object]) -> Settings:
        """Settings of a TOML file, overruled by flags named "section.field" (None: not given).

        Raises:
            SettingsError: unknown or impossible values, each named.
        """
        tree: dict[str, dict[str, object]] = {}
        if file is not None:
            try:
                tree = tomllib.loads(file.read_text("utf-8"))
            except (OSError, ValueError) as error:
                raise SettingsError(f"{file} cannot be read as TOML: {error}") from error
        for name, value in flags.items():
            if value is not None:
                section, field = name.split(".")
                tree.setdefault(section, {})[field] = value
        try:
            return cls.model_validate({"source": {}, **tree})
        except ValidationError as error:
            raise SettingsError(
                "; ".join(_plain(e["loc"], e["msg"]) for e in error.errors())
            ) from None


def _plain(where: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    name = ".".join(str(part) for part in where[:2])
    return message if len(where) < 2 else f"{name}: {message}"
