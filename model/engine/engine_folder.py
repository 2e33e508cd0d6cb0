"""What an engine folder holds and how it comes to be: written beside its place, then renamed.

weights.safetensors, model.onnx, model.f16.onnx, engine.json (what the live path must know) and
README.md (the model card); model.int8.onnx where `calibrate precision` has made one.  Nothing in
it is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.network.network_config import Config
from realtime.atomic_file import whole_file
from realtime.engine.backends import HALF
from realtime.engine.folder import NETWORK
from realtime.errors import EngineError
from realtime.event import CLASSES
from realtime.face.geometry import CROP_EYES, CROP_IOD, CROP_SIZE

SCHEMA = 1
WEIGHTS, DESCRIPTION, CARD = "weights.safetensors", "engine.json", "README.md"
SELECTION = "length fixed beforehand, last weights kept; held-out identities never looked at"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the weights come from; goes into engine.json and the model card."""

    name: str
    trained_on: str
    licence: str
    seeds: Mapping[str, int]
    metrics: Mapping[str, Any]
    selection: str = SELECTION  # how these weights came to be kept


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe(
    folder: Path, config: Config, provenance: Provenance, canary: Mapping[str, Any]
) -> dict[str, Any]:
    """engine.json of a folder that already holds weights and ONNX."""
    return {
        "schema": SCHEMA,
        "name": provenance.name,
        "classes": list(CLASSES),
        "crop": {
            "size": CROP_SIZE,
            "iod": CROP_IOD,
            "eyes": [int(value) for value in CROP_EYES],
        },
        "regions": [list(box) for box in config.boxes],
        "k": config.k,
        "epsilon": config.epsilon,
        "full_scale_px": config.full_scale_px,
        "temperature": 1.0,
        "micro_threshold": 0.5,
        "trained_on": provenance.trained_on,
        "licence": provenance.licence,
        "seeds": dict(provenance.seeds),
        "selection": provenance.selection,
        "metrics": dict(provenance.metrics),
        "files": {name: sha256(folder / name) for name in (NETWORK, HALF, WEIGHTS)},
        "canary": dict(canary),
    }


def read_description(folder: Path) -> dict[str, Any]:
    try:
        description: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{folder} is not an engine folder: {error}") from error
    return description


def write_description(folder: Path, description: Mapping[str, Any]) -> None:
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    with whole_file(folder / DESCRIPTION) as file:
        file.write(text.encode())


def add_file(folder: Path, name: str, content: bytes) -> None:
    """Put another file into an engine folder, or replace it; engine.json then names it."""
    description = read_description(folder)
    with whole_file(folder / name) as file:
        file.write(content)
    description["files"][name] = sha256(folder / name)
    write_description(folder, description)


def write_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a folder beside `target`, then put it in its place at once.

    An engine that stands there is moved aside first and dropped when the new one is in place;
    if anything fails it is as it was.
    """
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        part.chmod(0o755)
        fill(part)
        for path in part.iterdir():
            path.chmod(0o644)
            with path.open("rb") as file:
                os.fsync(file.fileno())
        old = part.with_name(part.name + ".old")
        if target.exists():
            target.rename(old)
        try:
            part.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)
