"""An engine folder, read and checked before anything in it is run.

`engine.json` says what the network is; every file it names is compared with its SHA-256.  The
ONNX file is handed to the runtime as bytes, so data outside it cannot be reached.  Nothing is
unpickled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from realtime.errors import EngineError, EngineMismatch, EngineUntrusted
from realtime.event import ACTION_UNITS, CLASSES
from realtime.face.geometry import CROP_EYES, CROP_IOD, CROP_SIZE

NETWORK = "model.onnx"
_DESCRIPTION = "engine.json"
_MAX_DESCRIPTION = 1_000_000  # bytes
_MAX_NETWORK = 400_000_000

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


class _Crop(BaseModel):
    size: int
    iod: FiniteFloat
    eyes: tuple[FiniteFloat, FiniteFloat]


class _Canary(BaseModel):
    seed: Annotated[int, Field(ge=0, lt=1 << 63)]
    logits: tuple[FiniteFloat, FiniteFloat, FiniteFloat]
    micro_logit: FiniteFloat


class UnitCalibration(BaseModel):
    """How a unit's logit becomes a probability, and from which on the unit is named."""

    model_config = ConfigDict(frozen=True)

    slope: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    offset: FiniteFloat = 0.0
    threshold: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.5


class _Description(BaseModel):
    model_config = ConfigDict(extra="allow", strict=False)

    schema_: Literal[1] = Field(alias="schema")
    name: Annotated[str, Field(max_length=200)]
    classes: tuple[str, ...]
    crop: _Crop
    temperature: Annotated[FiniteFloat, Field(gt=0)]
    micro_threshold: Annotated[FiniteFloat, Field(ge=0, le=1)]
    trained_on: str
    action_units: dict[str, UnitCalibration] = {}
    files: dict[FileName, Sha256]
    canary: _Canary


@dataclass(frozen=True, slots=True)
class Canary:
    """A pair with a known answer: a network that gives another one is not used."""

    pair: NDArray[np.float32]  # (1, 2, 224, 224)
    logits: tuple[float, float, float]
    micro_logit: float


@dataclass(frozen=True, slots=True)
class EngineFolder:
    path: Path
    name: str
    trained_on: str
    temperature: float
    micro_threshold: float
    action_units: Mapping[str, UnitCalibration]  # of every unit of `ACTION_UNITS`
    network: bytes  # the ONNX file
    fingerprint: str  # first eight digits of its SHA-256
    canary: Canary
    files: Mapping[str, str]  # SHA-256 of every file it was written with

    @classmethod
    def load(cls, path: Path) -> EngineFolder:
        """Read and check a folder.

        Raises:
            EngineError: it is not there or cannot be read.
            EngineMismatch: it is for another program, schema or crop.
            EngineUntrusted: a file is not the one it was written with.
        """
        try:
            description = _Description.model_validate_json(
                _read(path / _DESCRIPTION, _MAX_DESCRIPTION)
            )
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise EngineMismatch(
                f"{path / _DESCRIPTION} is not an engine description this program reads "
                f"({where}: {first['msg']}); export the engine again"
            ) from error
        crop = description.crop
        if (crop.size, crop.iod, crop.eyes) != (CROP_SIZE, CROP_IOD, CROP_EYES):
            raise EngineMismatch(f"{path} was trained on another face crop; export it again")
        if description.classes != CLASSES:
            raise EngineMismatch(f"{path} knows the classes {description.classes}, not {CLASSES}")
        network = _checked(path / NETWORK, description.files)
        canary = description.canary
        random = np.random.default_rng(canary.seed)
        pair = random.random((1, 2, CROP_SIZE, CROP_SIZE)).astype(np.float32)
        return cls(
            path,
            description.name,
            description.trained_on,
            description.temperature,
            description.micro_threshold,
            {name: description.action_units.get(name, UnitCalibration()) for name in ACTION_UNITS},
            network,
            description.files[NETWORK][:8],
            Canary(pair, canary.logits, canary.micro_logit),
            description.files,
        )

    def read(self, name: str) -> bytes:
        """Another of its files, checked as `network` was.

        Raises:
            EngineError: it was not written with the folder, cannot be read or is another file.
        """
        return self.network if name == NETWORK else _checked(self.path / name, self.files)


def default_engine() -> Path | None:
    """The engine that came with the program, if it is there."""
    folder = Path(__file__).resolve().parents[2] / "model" / "engines" / "first"
    return folder if (folder / _DESCRIPTION).is_file() else None


def _checked(path: Path, files: Mapping[str, str]) -> bytes:
    expected = files.get(path.name)
    if expected is None:
        raise EngineMismatch(f"{path.parent / _DESCRIPTION} does not name {path.name}")
    content = _read(path, _MAX_NETWORK)
    if hashlib.sha256(content).hexdigest() != expected:
        raise EngineUntrusted(
            f"{path} is not the file the engine was exported with; "
            "copy the folder again or export it again"
        )
    return content


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise EngineError(
            f"{path} cannot be read ({error.strerror}); give an engine folder with --engine DIR"
        ) from error
    if len(content) > limit:
        raise EngineUntrusted(f"{path} is larger than an engine can be")
    return content
