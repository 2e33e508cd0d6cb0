"""What this machine has for a run, in the order a run needs it.

Nothing is changed or fetched; every line says what was found, or what to do about it.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from realtime.capture.camera import camera_modes, list_cameras
from realtime.doctor.check import Check, CheckResult
from realtime.doctor.engine_checks import engine_checks
from realtime.engine.gpu_probe import find_gpus
from realtime.errors import EngineError, FaceModelError
from realtime.extras import install_command
from realtime.face.weights import cached_model
from realtime.spotting.verifier import load_verifier

_PACKAGES = ("numpy", "numba", "ai-edge-litert", "onnxruntime", "av", "rich")
_OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python")  # one is enough
_USEFUL = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd")
_LEAST_DISK_MB = 2000  # a session of an hour with many events
_LEAST_CORES = 2  # one for faces, one for capture, engine and recorder


def examine(engine: Path | None, output: Path) -> Iterator[Check]:
    """Everything a run needs.

    Args:
        engine: its folder; None: that which came with the program.
        output: folder that is recorded to.
    """
    yield Check("system", f"{platform.platform()}, Python {platform.python_version()}")
    yield _packages()
    yield from _processor()
    yield from _cameras()
    yield _face_model()
    yield _verifier()
    yield from engine_checks(engine)
    yield _disk(output)


def _packages() -> Check:
    found, absent = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    opencv = _opencv()
    found += [opencv] if opencv else []
    absent += [] if opencv else [_OPENCV[0]]
    if absent:
        shown = "without " + ", ".join(absent)
        return Check("packages", shown, CheckResult.MISSING, install_command(), needed=True)
    return Check("packages", ", ".join(found))


def _opencv() -> str | None:
    """The distribution that brings cv2, with its version; one without windows does as well."""
    for name in _OPENCV:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return None


def _processor() -> Iterator[Check]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    features = _features()
    memory_gb = psutil.virtual_memory().total / 2**30
    text = f"{cores} cores, {memory_gb:.0f} GB, {' '.join(features) or 'features not known'}"
    if (cores or 1) < _LEAST_CORES:
        advice = "frames will be dropped while recording"
        yield Check("processor", text, CheckResult.SLOWER, advice)
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
        yield Check("camera", "none", CheckResult.MISSING, advice)
    for camera in cameras:
        modes = camera_modes(camera.index)
        name = f"{camera.index}: {camera.name}"
        if modes:
            advice = f"what it delivers: fleeting calibrate camera --camera {camera.index}"
            yield Check("camera", f"{name}; takes {', '.join(modes)}", advice=advice)
        else:
            advice = "close other programs that use it"
            yield Check("camera", f"{name}; does not open", CheckResult.MISSING, advice)


def _face_model() -> Check:
    try:
        model = cached_model()
    except FaceModelError as error:
        advice = "fleeting face-model"
        return Check("face model", str(error), CheckResult.MISSING, advice, needed=True)
    if model is None:
        advice = "fleeting face-model, or give it with --face-model FILE"
        return Check("face model", "not here yet", CheckResult.MISSING, advice, needed=True)
    return Check("face model", f"{model}, its hash is right")


def _verifier() -> Check:
    try:
        return Check("verifier", f"{load_verifier().digest[:8]}, whole")
    except EngineError as error:
        advice = "install the program again"
        return Check("verifier", str(error), CheckResult.MISSING, advice, needed=True)


def _disk(output: Path) -> Check:
    place = output if output.exists() else Path.cwd()
    free_mb = shutil.disk_usage(place).free // 2**20
    if not os.access(place, os.W_OK):
        shown = f"{place} cannot be written"
        return Check("recordings", shown, CheckResult.MISSING, "--output DIR", needed=True)
    if free_mb < _LEAST_DISK_MB:
        shown = (
            f"{free_mb} MB free; a session of an hour with many events may take {_LEAST_DISK_MB}"
        )
        return Check("recordings", shown, CheckResult.MISSING, "make room, or --output DIR")
    return Check("recordings", f"{place.resolve()}, {free_mb} MB free")
