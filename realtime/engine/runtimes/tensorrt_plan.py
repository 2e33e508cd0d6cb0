"""TensorRT plans: built from an ONNX graph, cached for the user, used only if their HMAC is valid.

A plan is code for one GPU, driver and TensorRT version, and deserialising a hostile one runs
whatever it says.  So each is kept behind a header: what it was built for, and an HMAC-SHA256 over
that and the plan, with a key only this user can read.  A plan that is foreign, damaged, or lies in
a file others may write is not given to TensorRT, and built again.

`trt` is the module tensorrt or tensorrt_rtx: both have this interface.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from realtime.atomic_file import whole_file
from realtime.errors import EngineMismatch, EngineUntrusted
from realtime.face.geometry import CROP_SIZE
from realtime.user_folders import cache_folder

log = logging.getLogger(__name__)

MAX_BATCH = 8
_MAGIC = b"fleeting plan 1\n"
_SEAL, _LENGTH = 32, 4
_MAX_PLAN = 400_000_000  # bytes
_WORKSPACE = 1 << 30

Progress = Callable[[str, int, int], None]  # phase, step, steps


def build(
    trt: Any, network: bytes, progress: Progress | None = None, *, portable: bool = False
) -> bytes:
    """Compile a graph: profile 0 for one pair, profile 1 for up to `MAX_BATCH`.

    Precision is in the graph: TensorRT 11 takes it as it is.

    Args:
        portable: for every GPU from Ampere on, with slower kernels.

    Raises:
        EngineMismatch: TensorRT does not take the graph; says what it said.
    """
    logger = _logger(trt)
    builder = trt.Builder(logger)
    graph = builder.create_network(0)  # strongly typed
    parser = trt.OnnxParser(graph, logger)
    if not parser.parse(network):
        said = "; ".join(str(parser.get_error(k)) for k in range(parser.num_errors))
        raise EngineMismatch(f"TensorRT does not read the network: {said}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE)
    config.clear_flag(trt.BuilderFlag.TF32)  # float32 means float32: figures were measured so
    for most in (1, MAX_BATCH):
        profile = builder.create_optimization_profile()
        shapes = [(n, 2, CROP_SIZE, CROP_SIZE) for n in (1, most, most)]
        profile.set_shape("pair", *shapes)
        config.add_optimization_profile(profile)
    if portable:
        config.hardware_compatibility_level = trt.HardwareCompatibilityLevel.AMPERE_PLUS
    if progress:
        config.progress_monitor = _monitor(trt, progress)
    plan = builder.build_serialized_network(graph, config)
    if plan is None:
        raise EngineMismatch(f"TensorRT cannot build the network: {'; '.join(logger.errors)}")
    return bytes(plan)


def _logger(trt: Any) -> Any:
    class Collected(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity <= trt.ILogger.Severity.ERROR:
                self.errors.append(message)

    return Collected()


def _monitor(trt: Any, progress: Progress) -> Any:
    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.steps: dict[str, int] = {}

        def phase_start(self, phase: str, parent: str | None, steps: int) -> None:
            self.steps[phase] = steps

        def step_complete(self, phase: str, step: int) -> bool:
            progress(phase, step, self.steps.get(phase, 0))
            return True

        def phase_finish(self, phase: str) -> None:
            self.steps.pop(phase, None)

    return Monitor()


# --- The cache ------------------------------------------------------------------------------


def plan_path(made_for: Mapping[str, object]) -> Path:
    """Where the plan for it lies, if there is one."""
    digest = hashlib.sha256(_canonical(made_for)).hexdigest()
    return cache_folder() / f"{digest[:32]}.plan"


def cached_plan(made_for: Mapping[str, object], make: Callable[[], bytes]) -> bytes:
    """The plan for what `made_for` says (network, versions, GPU), built with `make` if need be."""
    path = plan_path(made_for)
    if path.exists():
        try:
            return read_plan(path, made_for)
        except EngineUntrusted as error:
            log.warning("%s; it is built again", error)
    plan = make()
    write_plan(path, made_for, plan)
    return plan


def read_plan(path: Path, made_for: Mapping[str, object]) -> bytes:
    """A sealed plan.  What is checked is what is returned: the file is read once.

    Raises:
        EngineUntrusted: others could have written it, it is damaged, sealed with another key or
            made for something else.
    """
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            _check_owner(path, about)
            content = file.read(_MAX_PLAN + 1)
    except OSError as error:
        raise EngineUntrusted(f"{path} cannot be read: {error}") from error
    start = len(_MAGIC) + _SEAL
    seal, sealed = content[len(_MAGIC) : start], content[start:]
    if len(content) > _MAX_PLAN or content[: len(_MAGIC)] != _MAGIC or len(sealed) < _LENGTH:
        raise EngineUntrusted(f"{path} is not a plan of this program")
    if not hmac.compare_digest(seal, hmac.digest(_key(), sealed, "sha256")):
        raise EngineUntrusted(f"{path} is damaged or was not made by this user")
    length = int.from_bytes(sealed[:_LENGTH], "big")
    if sealed[_LENGTH : _LENGTH + length] != _canonical(made_for):
        raise EngineUntrusted(f"{path} was made for another network, GPU or version")
    return sealed[_LENGTH + length :]


def write_plan(path: Path, made_for: Mapping[str, object], plan: bytes) -> None:
    about = _canonical(made_for)
    sealed = len(about).to_bytes(_LENGTH, "big") + about + plan
    with whole_file(path, private=True) as file:
        file.write(_MAGIC + hmac.digest(_key(), sealed, "sha256") + sealed)


def _canonical(made_for: Mapping[str, object]) -> bytes:
    return json.dumps(made_for, sort_keys=True).encode()


def _key() -> bytes:
    """This user's secret, made on first use."""
    path = cache_folder() / "plan.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
    with path.open("rb") as file:
        _check_owner(path, os.fstat(file.fileno()))
        key = file.read()
    if len(key) != 32:
        raise EngineUntrusted(f"{path} is damaged; remove it and the plans beside it")
    return key


def _check_owner(path: Path, about: os.stat_result) -> None:
    if hasattr(os, "getuid"):
        others = stat.S_IWGRP | stat.S_IWOTH
        if about.st_uid != os.getuid() or about.st_mode & others:
            raise EngineUntrusted(f"{path} belongs to another user or may be written by others")
