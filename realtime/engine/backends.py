"""The runtimes and precisions an engine can run on, and which of them are here.

One is never chosen silently: its name is on the screen, in the session file and in every event.
A runtime that is not installed, or a file of the engine that was not made, is an error that says
how to get it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec

from realtime.engine.folder import NETWORK, EngineFolder
from realtime.engine.gpu_probe import find_gpus
from realtime.engine.runtime import EngineSession, Progress, check_canary
from realtime.errors import EngineError
from realtime.extras import install_command

HALF = "model.f16.onnx"
INT8 = "model.int8.onnx"
FP8 = "model.fp8.onnx"
_REGISTERED = "fleeting.runtimes"  # group of entry points: name RUNTIME-PRECISION, value module


@dataclass(frozen=True, slots=True)
class Backend:
    runtime: str
    precision: str
    file: str  # of the engine folder
    module: str  # whose `open_session(folder, backend, threads, progress)` makes the session
    needs: str  # Python package
    extra: str  # of this program, which brings that package; "": always there
    tolerance: float = 2e-3  # of the canary's logits: what this precision may change

    @property
    def name(self) -> str:
        return f"{self.runtime}-{self.precision}"


def _built_in() -> Iterator[Backend]:
    here = "realtime.engine.runtimes"
    ort = f"{here}.onnxruntime"
    yield Backend("onnxruntime", "f32", NETWORK, ort, "onnxruntime", "")
    vino, extra = f"{here}.openvino", "openvino"
    yield Backend("openvino", "f32", NETWORK, vino, "openvino", extra)
    yield Backend("openvino", "bf16", NETWORK, vino, "openvino", extra, 0.3)
    yield Backend("openvino", "int8", INT8, vino, "openvino", extra, 0.5)
    trt, gpu = f"{here}.tensorrt", "gpu"
    yield Backend("tensorrt", "f16", HALF, trt, "tensorrt", gpu, 0.1)
    yield Backend("tensorrt", "f32", NETWORK, trt, "tensorrt", gpu)
    yield Backend("tensorrt", "int8", INT8, trt, "tensorrt", gpu, 0.5)
    yield Backend("tensorrt", "fp8", FP8, trt, "tensorrt", gpu, 0.5)


def _registered() -> Iterator[Backend]:
    """Runtimes that other packages bring, in float32: the torch reference of `model`, for one."""
    for point in entry_points(group=_REGISTERED):
        runtime, precision = point.name.split("-")
        extra = next(iter(point.extras), "")
        yield Backend(runtime, precision, NETWORK, point.module, runtime, extra)


@cache
def backends() -> dict[str, Backend]:
    """Every backend by its name."""
    return {backend.name: backend for backend in (*_built_in(), *_registered())}


def names() -> list[str]:
    """Every backend, by runtime alone (its first precision) and in full."""
    known = backends()
    return ["auto", *dict.fromkeys(b.runtime for b in known.values()), *known]


def missing(backend: Backend, folder: EngineFolder) -> str | None:
    """Why a backend cannot run an engine here; None: it can."""
    if find_spec(backend.needs) is None:
        install = install_command(*filter(None, [backend.extra]))
        return f"{backend.needs} is not installed: {install}"
    if backend.file not in folder.files:
        return f"the engine has no {backend.file} (fleeting calibrate precision makes it)"
    if backend.runtime == "tensorrt" and not find_gpus().gpus:
        return f"no GPU can be used: {find_gpus().trouble}"
    if backend.precision == "bf16" and not importlib.import_module(backend.module).has_bf16():
        return "this processor has no bfloat16; use openvino-f32"
    return None


def resolve(name: str, folder: EngineFolder) -> Backend:
    """The backend for a name as `--backend` takes it.

    "auto" is TensorRT where it can run, else ONNX Runtime in float32: the answers every figure
    in docs/ was measured with.  A runtime alone means the first of its precisions.

    Raises:
        EngineError: there is no such backend, or it cannot run this engine here.
    """
    if name == "auto":
        best = backends()["tensorrt-f16"]
        return backends()["onnxruntime-f32"] if missing(best, folder) else best
    chosen = [b for b in backends().values() if name in (b.name, b.runtime)]
    if not chosen:
        raise EngineError(f"there is no backend {name}; use one of {', '.join(names())}")
    why_not = missing(chosen[0], folder)
    if why_not:
        raise EngineError(f"backend {chosen[0].name}: {why_not}")
    return chosen[0]


def spare(name: str, chosen: Backend) -> Backend | None:
    """What answers once the one that was chosen has failed for good; None: the user named it."""
    reference = backends()["onnxruntime-f32"]
    return reference if name == "auto" and chosen != reference else None


def is_built(backend: Backend, folder: EngineFolder) -> bool:
    """Whether it loads without building anything for this machine first, which takes minutes.

    A runtime's module may have `is_built(folder, backend)`; one without it builds nothing.
    """
    module = importlib.import_module(backend.module)
    return not hasattr(module, "is_built") or bool(module.is_built(folder, backend))


def _not_shown(_: str) -> None:
    """Progress that is shown nowhere."""


def open_session(
    folder: EngineFolder, name: str, threads: int, progress: Progress = _not_shown
) -> EngineSession:
    """Open a backend by name and check it by the canary.

    Args:
        progress: called with how far a plan for this machine has been built.

    Raises:
        EngineError: there is no such backend here, it does not take the network or answers
            otherwise than the network that was exported.
    """
    backend = resolve(name, folder)
    session: EngineSession = importlib.import_module(backend.module).open_session(
        folder, backend, threads, progress
    )
    check_canary(session, folder, backend.tolerance)
    return session
