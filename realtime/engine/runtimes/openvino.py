"""OpenVINO on the CPU: float32, bfloat16, or int8 from a file that `calibrate precision` made.

Its own default is bfloat16 wherever the processor has it, so that answers would differ between
machines: the precision is always named.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import numpy as np

from realtime.engine.folder import EngineFolder
from realtime.engine.runtime import Answer, Array, Progress, available
from realtime.errors import EngineError, EngineMismatch
from realtime.face.geometry import CROP_SIZE

if TYPE_CHECKING:
    from realtime.engine.backends import Backend

# `import openvino` looks up an analytics host through this package; without it, it makes no
# request.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
openvino = importlib.import_module("openvino")

# One for the process.  Each core gives its thread a stack for signals and takes it back when it
# goes; of two that do not go in the reverse order of their coming, the second leaves the thread
# with the freed stack of the first, and the next signal, a child's end say, is a crash.
_CORE = openvino.Core()


def has_bf16() -> bool:
    """Whether this processor has instructions for bfloat16."""
    return "BF16" in _CORE.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoSession:
    def __init__(self, name: str, network: bytes, precision: str, threads: int) -> None:
        self.name = name
        if precision == "bf16" and not has_bf16():
            raise EngineMismatch("this processor has no bfloat16; use openvino-f32")
        # what an int8 network leaves alone runs as fast as it can
        hint = "f32" if precision == "f32" or not has_bf16() else "bf16"
        wanted = {
            "INFERENCE_PRECISION_HINT": hint,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
        }
        try:
            model = _CORE.read_model(model=network)
            compiled = _CORE.compile_model(model, "CPU", wanted)
        except Exception as error:  # one class for every trouble, from a thread count to a graph
            raise EngineMismatch(f"openvino does not take the network: {error}") from error
        shape = compiled.input("pair").partial_shape
        known = {name for output in compiled.outputs for name in output.names}
        outputs = available(known)
        if [str(n) for n in shape][1:] != ["2", str(CROP_SIZE), str(CROP_SIZE)] or outputs is None:
            raise EngineMismatch("the network has other inputs or outputs")
        self._outputs = outputs
        self._request = compiled.create_infer_request()

    def run(self, pairs: Array) -> Answer:
        try:
            self._request.infer({"pair": np.ascontiguousarray(pairs)})
        except Exception as error:  # as above
            raise EngineError(f"openvino cannot run the network: {error}") from error
        tensors = (self._request.get_tensor(name) for name in self._outputs)
        return Answer(*(np.array(tensor.data, np.float32) for tensor in tensors))


def open_session(
    folder: EngineFolder, backend: Backend, threads: int, progress: Progress
) -> OpenVinoSession:
    del progress  # it loads in seconds
    return OpenVinoSession(backend.name, folder.read(backend.file), backend.precision, threads)
