"""What this machine has, what will run on it and what would make it faster: `fleeting doctor`

Nothing is changed or fetched; every line says what was found, or what to do about it.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

from realtime.capture.camera import camera_modes, list_cameras
from realtime.engine.backends import backends, missing, open_session, resolve
from realtime.engine.folder import EngineFolder, default_engine
from realtime.engine.gpu_probe import find_gpus
from realtime.errors import EngineError, FaceModelError
from realtime.face.geometry import CROP_SIZE
from realtime.face.weights import cached_model
from realtime.spotting.verifier import load_verifier

Verdict = Literal["ok", "could be better", "must be mended"]

_PACKAGES = ("numpy", "opencv-python", "numba", "ai-edge-litert", "onnxruntime", "av", "rich")
_USEFUL = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd")
_LEAST_DISK_MB = 2000  # a session of an hour with many events
_TIMED = 4  # pairs for each backend
_WORTH = 0.8  # a backend that takes less of the time is recommended
_LEAST_CORES = 2  # one for faces, one for capture, engine and recorder


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    found: str
    verdict: Verdict = "ok"
    advice: str = ""


def examine(engine: Path | None, output: Path) -> Iterator[Check]:
    """Everything in the order a run needs it."""
    yield Check("system", f"{platform.platform()}, Python {platform.python_version()}")
    yield _packages()
    yield from _processor()
    yield from _cameras()
    yield _face_model()
    yield _verifier()
    yield from _engine(engine)
    yield _disk(output)


def _packages() -> Check:
    found, absent = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    if absent:
        advice = "pip install -c constraints.txt -e ."
        return Check("packages", "without " + ", ".join(absent), "must be mended", advice)
    return Check("packages", ", ".join(found))


def _processor() -> Iterator[Check]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    features = _features()
    memory_gb = psutil.virtual_memory().total / 2**30
    text = f"{cores} cores, {memory_gb:.0f} GB, {' '.join(features) or 'features not known'}"
    if (cores or 1) < _LEAST_CORES:
        yield Check("processor", text, "could be better", "frames will be dropped while recording")
    else:
        yield Check("processor", text)
    gpus = find_gpus()
    if gpus.gpus:
        names = ", ".join(f"{g.name}, {g.memory_mb} MB" for g in gpus.gpus)
        yield Check("GPU", f"{names}; CUDA {gpus.driver // 1000}.{gpus.driver % 1000 // 10}")
    else:
        yield Check("GPU", f"none ({gpus.trouble}); the engine runs on the processor")


def _features() -> list[str]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return []
    lines = (line for line in text.splitlines() if line.startswith(("flags", "Features")))
    known = set(next(lines, "").split())
    return [name for name in _USEFUL if name in known]


def _cameras() -> Iterator[Check]:
    cameras = list_cameras()
    if not cameras:
        advice = "plug one in, or use --source with a file or stream"
        yield Check("camera", "none", "could be better", advice)
    for camera in cameras:
        modes = camera_modes(camera.index)
        name = f"{camera.index}: {camera.name}"
        if modes:
            advice = f"what it delivers: fleeting calibrate camera --camera {camera.index}"
            yield Check("camera", f"{name}; takes {', '.join(modes)}", advice=advice)
        else:
            advice = "close other programs that use it"
            yield Check("camera", f"{name}; does not open", "could be better", advice)


def _face_model() -> Check:
    try:
        model = cached_model()
    except FaceModelError as error:
        return Check("face model", str(error), "must be mended", "fleeting face-model")
    if model is None:
        advice = "fleeting face-model, or give it with --face-model FILE"
        return Check("face model", "not here yet", "must be mended", advice)
    return Check("face model", f"{model}, its hash is right")


def _verifier() -> Check:
    try:
        return Check("verifier", f"{load_verifier().digest[:8]}, whole")
    except EngineError as error:
        return Check("verifier", str(error), "must be mended", "install the program again")


def _engine(given: Path | None) -> Iterator[Check]:
    path = given or default_engine()
    if path is None:
        advice = "fleeting train makes one; without, events have no class"
        yield Check("engine", "none", "could be better", advice)
        return
    try:
        folder = EngineFolder.load(path)
        chosen = resolve("auto", folder)
        took_ms = {chosen.name: _pair_ms(folder, chosen.name)}
    except EngineError as error:
        yield Check("engine", str(error), "must be mended", "copy or export the engine again")
        return
    others = []
    for backend in backends().values():
        if backend.name == chosen.name:
            continue
        try:
            why_not = missing(backend, folder)
            if why_not is None and backend.runtime != "torch":  # seconds to load, never fastest
                took_ms[backend.name] = _pair_ms(folder, backend.name)
        except EngineError as error:
            why_not = str(error)
        pace = f", {took_ms[backend.name]:.0f} ms" if backend.name in took_ms else ""
        others.append(Check(f"  {backend.name}", f"no: {why_not}" if why_not else f"yes{pace}"))
    yield Check("engine", f"{folder.name} {folder.fingerprint} in {folder.path}")
    text = f"{chosen.name}, {took_ms[chosen.name]:.0f} ms per pair; the canary's answer is right"
    best = min(took_ms, key=lambda name: took_ms[name])
    faster = took_ms[best] < _WORTH * took_ms[chosen.name]
    yield Check("runs on", text, advice=f"faster here: --backend {best}" if faster else "")
    yield from others


def _pair_ms(folder: EngineFolder, backend: str) -> float:
    """Opens a session, which checks its canary, and times a few pairs on one thread."""
    session = open_session(folder, backend, 1)
    pair = np.zeros((1, 2, CROP_SIZE, CROP_SIZE), np.float32)
    took = []
    for _ in range(_TIMED):
        start = time.perf_counter()
        session.run(pair)
        took.append(1e3 * (time.perf_counter() - start))
    return min(took)


def _disk(output: Path) -> Check:
    place = output if output.exists() else Path.cwd()
    free_mb = shutil.disk_usage(place).free // 2**20
    if not os.access(place, os.W_OK):
        return Check("recordings", f"{place} cannot be written", "must be mended", "--output DIR")
    if free_mb < _LEAST_DISK_MB:
        return Check("recordings", f"{free_mb} MB free", "could be better", "--output DIR")
    return Check("recordings", f"{place.resolve()}, {free_mb} MB free")


def print_findings(engine: Path | None, output: Path) -> bool:
    """Print every finding; whether nothing must be mended."""
    findings = list(examine(engine, output))
    table = Table(show_header=False, box=None, pad_edge=False)
    colours = {"ok": "green", "could be better": "yellow", "must be mended": "red"}
    for finding in findings:
        mark = {"ok": "ok", "could be better": "!", "must be mended": "✗"}[finding.verdict]
        text = f"{finding.found}\n→ {finding.advice}" if finding.advice else finding.found
        table.add_row(Text(mark, colours[finding.verdict]), finding.what, Text(text))
    Console().print(table)
    return all(f.verdict != "must be mended" for f in findings)
