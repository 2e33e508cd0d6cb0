"""A small real network behind the engine contract; its answers depend on the pair."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SIZE = 224


def write_engine(folder: Path, *, network_bytes: bytes | None = None, **changes: Any) -> Path:
    """An engine folder; `changes` replace keys of engine.json.

    Args:
        network_bytes: in the place of the network; the canary stays that of the usual one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = folder / "model.onnx"
    onnx.save(_network(), str(network))
    pair = np.random.default_rng(7).random((1, 2, SIZE, SIZE)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(network), providers=["CPUExecutionProvider"])
    logits, micro = session.run(["logits", "micro_logit"], {"pair": pair})
    if network_bytes is not None:
        network.write_bytes(network_bytes)
    description: dict[str, Any] = {
        "schema": 1,
        "name": "tiny",
        "classes": ["negative", "positive", "surprise"],
        "crop": {"size": SIZE, "iod": 72.0, "eyes": [112, 76]},
        "regions": [[0, 0, 32, 32]] * 6,
        "k": 5,
        "epsilon": 1e-4,
        "full_scale_px": 12.0,
        "temperature": 1.0,
        "micro_threshold": 0.5,
        "trained_on": "nothing",
        "licence": "Apache-2.0",
        "seeds": {},
        "metrics": {},
        "files": {"model.onnx": hashlib.sha256(network.read_bytes()).hexdigest()},
        "canary": {
            "seed": 7,
            "logits": [float(v) for v in logits[0]],
            "micro_logit": float(micro[0]),
        },
    } | changes
    (folder / "engine.json").write_text(json.dumps(description), "utf-8")
    return folder


def not_finite_for_black() -> bytes:
    """The usual network, but for a micro_logit of minus infinity where the onset is black."""
    model = _network()
    nodes = list(model.graph.node)
    least = helper.make_node("ReduceMin", ["mean", "one"], ["least"], keepdims=0)
    sign = helper.make_node("Ceil", ["least"], ["lit"])  # 1, of a black picture 0
    wild = helper.make_node("Log", ["lit"], ["nothing_or_wild"])
    (squeeze,) = [n for n in nodes if n.output[0] == "micro_logit"]
    squeeze.output[0] = "micro_before"
    add = helper.make_node("Add", ["micro_before", "nothing_or_wild"], ["micro_logit"])
    del model.graph.node[:]
    model.graph.node.extend([*nodes, least, sign, wild, add])
    return bytes(model.SerializeToString())


def memory_bomb(floats: int = 10**10) -> bytes:
    """The usual network, but for a constant of that many floats, made when it is run."""
    model = _network()
    nodes = list(model.graph.node)
    model.graph.initializer.append(numpy_helper.from_array(np.array([floats], np.int64), "many"))
    bomb = helper.make_node("ConstantOfShape", ["many"], ["large"])
    size = helper.make_node("ReduceSum", ["large"], ["nothing"], keepdims=0)
    (squeeze,) = [n for n in nodes if n.output[0] == "micro_logit"]
    squeeze.output[0] = "micro_before"
    add = helper.make_node("Add", ["micro_before", "nothing"], ["micro_logit"])
    del model.graph.node[:]
    model.graph.node.extend([*nodes, bomb, size, add])
    return bytes(model.SerializeToString())


def _network() -> onnx.ModelProto:
    random = np.random.default_rng(0)
    weights = {
        "mix": random.normal(0, 3, (2, 3)).astype(np.float32),
        "event": random.normal(0, 3, (2, 1)).astype(np.float32),
        "kernel": random.normal(0, 0.1, (2, 2, 3, 3)).astype(np.float32),
    }
    nodes = [
        helper.make_node("GlobalAveragePool", ["pair"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["mean"], axis=1),
        helper.make_node("MatMul", ["mean", "mix"], ["logits"]),
        helper.make_node("MatMul", ["mean", "event"], ["event_column"]),
        helper.make_node("Squeeze", ["event_column", "one"], ["micro_logit"]),
        helper.make_node("Conv", ["pair", "kernel"], ["displacement"], pads=[1, 1, 1, 1]),
        helper.make_node("Identity", ["mean"], ["fusion_full"]),
        helper.make_node("Identity", ["mean"], ["fusion_global"]),
        helper.make_node("Unsqueeze", ["mean", "one"], ["fusion_local"]),
    ]
    initial = [numpy_helper.from_array(v, k) for k, v in weights.items()]
    initial.append(numpy_helper.from_array(np.array([1], np.int64), "one"))

    def output(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pair", TensorProto.FLOAT, ["batch", 2, SIZE, SIZE])],
        [
            output("logits", 3),
            output("micro_logit"),
            output("displacement", 2, SIZE, SIZE),
            output("fusion_local", 1, 2),
            output("fusion_global", 2),
            output("fusion_full", 2),
        ],
        initial,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def data_elsewhere(location: str, claimed: int) -> tuple[bytes, bytes]:
    """The usual network, but for weights that lie in another file, and what that file must hold.

    Args:
        claimed: bytes that the network says they take; in truth 8.
    """
    model = _network()
    (weights,) = [tensor for tensor in model.graph.initializer if tensor.name == "event"]
    content = bytes(weights.raw_data)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(claimed))):
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    return bytes(model.SerializeToString()), content
