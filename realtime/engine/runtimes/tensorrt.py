"""TensorRT on a GPU: own stream, pinned memory, and one CUDA graph a batch size.

The plan is built on first use and cached (`tensorrt_plan`).  The CUDA runtime is called through
cuda-bindings: the live path needs no torch.
"""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorrt as trt
from cuda.bindings import runtime as cuda

from realtime.engine.folder import EngineFolder
from realtime.engine.gpu_probe import find_gpus
from realtime.engine.runtime import Answer, Array, Progress, available, joined
from realtime.engine.runtimes.tensorrt_plan import MAX_BATCH, build, cached_plan, plan_path
from realtime.errors import EngineError, EngineMismatch
from realtime.face.geometry import CROP_SIZE

if TYPE_CHECKING:
    from realtime.engine.backends import Backend


@dataclass(frozen=True, slots=True)
class _Tensor:
    """One input or output: device memory, and pinned host memory seen as an array."""

    name: str
    device: int
    host: int
    array: Array


class _Batch:
    """Everything for one batch size: addresses are fixed, so that the graph holds."""

    def __init__(self, engine: Any, stream: Any, size: int) -> None:
        self._stream = stream
        self._context = engine.create_execution_context()
        profile = 0 if size == 1 else 1
        if not self._context.set_optimization_profile_async(profile, int(stream)):
            raise EngineMismatch("TensorRT does not know the profile of this plan")
        _check(cuda.cudaStreamSynchronize(stream))
        self._context.set_input_shape("pair", (size, 2, CROP_SIZE, CROP_SIZE))
        if self._context.infer_shapes():
            raise EngineMismatch("TensorRT does not know every shape of this plan")
        self.tensors = {
            name: self._allocate(name)
            for name in (engine.get_tensor_name(k) for k in range(engine.num_io_tensors))
        }
        outputs = available(self.tensors)
        if outputs is None or set(self.tensors) != {"pair", *outputs}:
            raise EngineMismatch("the plan has other inputs or outputs")
        self._outputs = outputs
        for _ in range(3):  # lazy set-up must be over before anything is captured
            self._enqueue()
        _check(cuda.cudaStreamSynchronize(stream))
        mode = cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        _check(cuda.cudaStreamBeginCapture(stream, mode))
        self._enqueue()
        graph = _check(cuda.cudaStreamEndCapture(stream))
        self._graph = _check(cuda.cudaGraphInstantiate(graph, 0))
        _check(cuda.cudaGraphDestroy(graph))

    def run(self, pairs: Array) -> Answer:
        np.copyto(self.tensors["pair"].array, pairs)
        _check(cuda.cudaGraphLaunch(self._graph, self._stream))
        _check(cuda.cudaStreamSynchronize(self._stream))
        return Answer(*(self.tensors[name].array.copy() for name in self._outputs))

    def _enqueue(self) -> None:
        """To the device, through the network, back."""
        given = self.tensors["pair"]
        to_device = cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        to_host = cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        size = given.array.nbytes
        _check(cuda.cudaMemcpyAsync(given.device, given.host, size, to_device, self._stream))
        if not self._context.execute_async_v3(int(self._stream)):
            raise EngineError("TensorRT could not run the network")
        for name in self._outputs:
            t = self.tensors[name]
            _check(cuda.cudaMemcpyAsync(t.host, t.device, t.array.nbytes, to_host, self._stream))

    def _allocate(self, name: str) -> _Tensor:
        shape = tuple(self._context.get_tensor_shape(name))
        size = 4 * int(np.prod(shape))
        device = int(_check(cuda.cudaMalloc(size)))
        host = int(_check(cuda.cudaHostAlloc(size, cuda.cudaHostAllocDefault)))
        memory: Any = (ctypes.c_float * (size // 4)).from_address(host)
        if not self._context.set_tensor_address(name, device):
            raise EngineMismatch(f"TensorRT does not take memory for {name}")
        return _Tensor(name, device, host, np.frombuffer(memory, np.float32).reshape(shape))

    def close(self) -> None:
        _check(cuda.cudaGraphExecDestroy(self._graph))
        for tensor in self.tensors.values():
            _check(cuda.cudaFree(tensor.device))
            _check(cuda.cudaFreeHost(tensor.host))


class TensorRtSession:
    """Used from one thread; lives as long as its process."""

    def __init__(self, name: str, plan: bytes) -> None:
        self.name = name
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise EngineMismatch("TensorRT does not take the plan it has built")
        self._stream = _check(cuda.cudaStreamCreate())
        self._batches: dict[int, _Batch] = {}

    def run(self, pairs: Array) -> Answer:
        parts = [self._run(pairs[k : k + MAX_BATCH]) for k in range(0, len(pairs), MAX_BATCH)]
        return parts[0] if len(parts) == 1 else joined(parts)

    def _run(self, pairs: Array) -> Answer:
        size = len(pairs)
        if size not in self._batches:
            self._batches[size] = _Batch(self._engine, self._stream, size)
        return self._batches[size].run(pairs)


def open_session(
    folder: EngineFolder, backend: Backend, threads: int, progress: Progress
) -> TensorRtSession:
    """Built for this GPU on first use, which takes a minute or so; from the cache later."""
    del threads  # the GPU has its own
    network = folder.read(backend.file)
    made_for = _made_for(network)
    what = f"building a plan for {made_for['gpu']}, once"

    def say(phase: str, step: int, steps: int) -> None:
        progress(f"{what}: {phase}, {step + 1} of {steps}" if steps else f"{what}: {phase}")

    def make() -> bytes:
        progress(what)
        return build(trt, network, say)

    return TensorRtSession(backend.name, cached_plan(made_for, make))


def is_built(folder: EngineFolder, backend: Backend) -> bool:
    """Whether a plan for this GPU is in the cache."""
    return plan_path(_made_for(folder.read(backend.file))).exists()


def _made_for(network: bytes) -> dict[str, object]:
    """What a plan is bound to."""
    found = find_gpus()
    return {
        "network": hashlib.sha256(network).hexdigest(),
        "tensorrt": trt.__version__,
        "gpu": found.gpus[0].name,
        "compute capability": list(found.gpus[0].compute_capability),
        "driver": found.driver,
    }


def _check(result: tuple[Any, ...]) -> Any:
    """The value of a CUDA call, whose first part is its error code."""
    code, *values = result
    if code != cuda.cudaError_t.cudaSuccess:
        raise EngineError(f"the GPU answers {code.name}")
    return values[0] if values else None
