"""ONNX Runtime on the CPU: a fixed number of threads, no telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime

from realtime.engine.folder import EngineFolder
from realtime.engine.runtime import Answer, Array, Progress, available
from realtime.errors import EngineError, EngineMismatch
from realtime.face.geometry import CROP_SIZE

if TYPE_CHECKING:
    from realtime.engine.backends import Backend


class OnnxRuntimeSession:
    def __init__(self, name: str, network: bytes, threads: int) -> None:
        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 4
        # spinning threads would take the cores that capture and tracking need
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                network, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises classes of its own for every bad graph
            raise EngineMismatch(f"onnxruntime does not take the network: {error}") from error
        inputs = [(i.name, list(i.shape[1:])) for i in self._session.get_inputs()]
        outputs = available({o.name for o in self._session.get_outputs()})
        if inputs != [("pair", [2, CROP_SIZE, CROP_SIZE])] or outputs is None:
            raise EngineMismatch("the network has other inputs or outputs")
        self._outputs = list(outputs)

    def run(self, pairs: Array) -> Answer:
        try:
            return Answer(*self._session.run(self._outputs, {"pair": pairs}))
        except Exception as error:  # as above
            raise EngineError(f"onnxruntime cannot run the network: {error}") from error


def open_session(
    folder: EngineFolder, backend: Backend, threads: int, progress: Progress
) -> OnnxRuntimeSession:
    del progress  # it loads in less than a second
    return OnnxRuntimeSession(backend.name, folder.read(backend.file), threads)
