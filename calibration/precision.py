"""Make an engine's 8-bit networks: `fleeting calibrate precision --engine DIR --portraits NPZ`

Ranges are estimated on pairs of half of the people; the loss in UF1 and AUROC and the gain in time
are measured on the other half, beside float32 and bfloat16, on this machine.  A network, int8 or
fp8, is put into the engine folder only if UF1 falls by no more than 0.01.  Needs nncf and openvino.
What fp8 loses is measured with ONNX Runtime, which rounds alike; its speed can be measured on a GPU
only.

Only convolutions inside the displacement module become 8 bits wide.  The first sees grey levels
and the last writes hundredths of a pixel: in 8 bits both lose the movement.  The one that joins
both branches is left alone because OpenVINO's int8 of it is off by 0.05 px.  SmoothQuant is not
used: it breaks the fusion.
"""

from __future__ import annotations

import importlib
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from rich.console import Console
from rich.table import Table

from calibration.held_out_pairs import HeldOutPairs, fit_and_score
from model.engine.engine_folder import add_file
from model.evaluate import Sample
from model.evaluation.metrics.ranking import auroc
from model.evaluation.metrics.recognition import confusion, uf1
from model.progress import progress
from model.synthetic.recipe import NON_EVENT
from realtime.engine.backends import FP8, INT8
from realtime.engine.folder import EngineFolder
from realtime.engine.runtime import EngineSession
from realtime.errors import EngineError
from realtime.extras import install_command

MOST_LOSS = 0.01  # of UF1
_INT8 = (1, 2, 3, 4, 5, 6, 8)  # convolutions of the displacement module, counted from 0
_RANGES_FROM = 64  # pairs
_INT8_MOST, _FP8_MOST = 127, 448  # the largest values of each
_FLOAT8 = onnx.helper.tensor_dtype_to_np_dtype(onnx.TensorProto.FLOAT8E4M3FN)
_FP8_ROW = "fp8, rounding alone"


@dataclass(frozen=True, slots=True)
class PrecisionFigures:
    name: str
    cpu_ms: float  # a pair
    uf1: float
    auroc: float | None


def quantised(network: bytes, pairs: NDArray[np.float32]) -> bytes:
    """The network with explicit Q/DQ nodes around those convolutions; ranges from the pairs."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # see openvino_session
    nncf: Any = importlib.import_module("nncf")
    nncf.set_log_level(logging.ERROR)
    model = onnx.load_from_string(network)
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    chosen = {convolutions[k] for k in _INT8}
    others = [node.name for node in model.graph.node if node.name not in chosen]
    data = nncf.Dataset(list(pairs[:, None]), lambda pair: {"pair": pair})
    made = nncf.quantize(
        model,
        data,
        subset_size=len(pairs),
        preset=nncf.QuantizationPreset.PERFORMANCE,  # symmetric: TensorRT knows no other
        ignored_scope=nncf.IgnoredScope(names=others),
    )
    return bytes(made.SerializeToString())


def float8(int8: bytes) -> bytes:
    """The int8 network with its Q/DQ nodes in float8 (e4m3), over the same ranges."""
    model = onnx.load_from_string(int8)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    wider = np.float32(_FP8_MOST / _INT8_MOST)
    for node in model.graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        value, scale, zero = node.input
        if constants[zero].data_type == onnx.TensorProto.INT8:  # else a node before shares them
            steps = numpy_helper.to_array(constants[scale]) / wider
            constants[scale].CopyFrom(numpy_helper.from_array(steps, scale))
            _to_float8(constants[zero], np.float32(1))
            if value in constants:
                _to_float8(constants[value], wider)
    del model.graph.value_info[:]  # it still says int8
    return bytes(model.SerializeToString())


def _to_float8(constant: onnx.TensorProto, factor: np.float32) -> None:
    values = numpy_helper.to_array(constant).astype(np.float32) * factor
    constant.CopyFrom(numpy_helper.from_array(values.astype(_FLOAT8), constant.name))


def _network_input(pairs: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(pairs, np.float32) / np.float32(255)


def measure(session: EngineSession, samples: Sequence[Sample]) -> PrecisionFigures:
    pairs = [_network_input(s.pair[None]) for s in samples]
    session.run(pairs[0])
    start = time.process_time()
    answers = [session.run(pair) for pair in progress(pairs, session.name)]
    cpu_ms = 1e3 * (time.process_time() - start) / len(pairs)
    label = np.array([s.label for s in samples])
    event = label != NON_EVENT
    guess = np.array([int(a.logits[0].argmax()) for a in answers])
    micro = np.array([float(a.micro_logit[0]) for a in answers])
    score = uf1(confusion(label[event], guess[event]))
    return PrecisionFigures(session.name, cpu_ms, score, auroc(micro[event], micro[~event]))


def candidates(folder: EngineFolder, int8: bytes, fp8: bytes) -> Iterator[EngineSession]:
    """Float32 first, then what is faster here, then fp8 as this processor emulates it."""
    from realtime.engine.runtimes.onnxruntime import OnnxRuntimeSession
    from realtime.engine.runtimes.openvino import OpenVinoSession

    yield OnnxRuntimeSession("onnxruntime-f32", folder.network, 1)
    for precision in ("f32", "bf16", "int8"):
        network = int8 if precision == "int8" else folder.network
        try:
            yield OpenVinoSession(f"openvino-{precision}", network, precision, 1)
        except EngineError as error:  # no bfloat16 in this processor
            sys.stderr.write(f"openvino-{precision} left out: {error}\n")
    yield OnnxRuntimeSession(_FP8_ROW, fp8, 1)


def shown(rows: Sequence[PrecisionFigures]) -> Table:
    table = Table(title="on people the ranges were not learned from, one thread")
    for heading in ("backend", "cpu ms a pair", "times as fast", "UF1", "event AUROC"):
        table.add_column(heading, justify="left" if heading == "backend" else "right")
    for row in rows:
        ranked = "–" if row.auroc is None else f"{row.auroc:.3f}"
        faster = f"{rows[0].cpu_ms / row.cpu_ms:.2f}"
        table.add_row(row.name, f"{row.cpu_ms:.1f}", faster, f"{row.uf1:.3f}", ranked)
    return table


def run(engine: Path, pairs: HeldOutPairs) -> None:
    """Make, measure and keep what is good enough; see `fleeting calibrate precision --help`.

    Raises:
        SettingsError, DataError: there are no pairs to learn ranges from.
        EngineError: the engine cannot be used, a library is missing, or a network is not kept.
    """
    folder = EngineFolder.load(engine)
    for name in ("openvino", "nncf"):
        if find_spec(name) is None:
            raise EngineError(f"{name} is not installed: {install_command('openvino')}")
    to_fit, to_score = fit_and_score(pairs)
    ranges = _network_input(np.stack([s.pair for s in to_fit[:_RANGES_FROM]]))
    int8 = quantised(folder.network, ranges)
    fp8 = float8(int8)
    rows = [measure(session, to_score) for session in candidates(folder, int8, fp8)]
    Console().print(shown(rows))
    uf1_of = {row.name: row.uf1 for row in rows}
    rejected = []
    for row, file, network, backend in (
        ("openvino-int8", INT8, int8, "openvino-int8"),
        (_FP8_ROW, FP8, fp8, "tensorrt-fp8"),
    ):
        loss = rows[0].uf1 - uf1_of[row]
        if loss > MOST_LOSS:
            rejected.append(f"{file} is not kept: UF1 falls by {loss:.3f}")
            continue
        add_file(engine, file, network)
        sys.stdout.write(f"wrote {engine / file}; run it with --backend {backend}\n")
    if rejected:
        raise EngineError(f"{'; '.join(rejected)}, more than {MOST_LOSS}")
