"""An invented insightface model pack: right shapes, constant answers, no weights of anyone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def points_106() -> np.ndarray:
    """A plausible face of 106 points, (106, 2), in the landmark crop's range -1..1."""
    random = np.random.default_rng(0)
    points = np.zeros((106, 2))

    def put(where: slice, centre: tuple[float, float], size: tuple[float, float]) -> None:
        n = where.stop - where.start
        turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
        points[where] = np.column_stack([np.cos(turn), np.sin(turn)]) * size + centre

    put(slice(1, 33), (0.0, 0.0), (0.55, 0.7))
    put(slice(33, 43), (-0.22, -0.12), (0.09, 0.03))
    put(slice(43, 52), (-0.22, -0.26), (0.12, 0.02))
    put(slice(52, 72), (0.0, 0.33), (0.17, 0.06))
    put(slice(72, 87), (0.0, 0.08), (0.08, 0.14))
    put(slice(87, 97), (0.22, -0.12), (0.09, 0.03))
    put(slice(97, 106), (0.22, -0.26), (0.12, 0.02))
    points[0], points[52], points[61] = (0.0, 0.7), (-0.17, 0.33), (0.17, 0.33)
    return points + random.normal(0, 1e-3, points.shape)


def write_pack(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    arrays: list[np.ndarray] = []
    for kind in ("score", "box", "kps"):
        for stride in (8, 16, 32):
            n = 2 * (640 // stride) ** 2
            width = {"score": 1, "box": 4, "kps": 10}[kind]
            values = np.zeros((n, width), np.float32)
            if stride == 32:
                cell = 2 * (10 * 20 + 10)  # the anchor in the middle of the picture
                values[cell] = {"score": 0.9, "box": 4.0, "kps": 0.5}[kind]
            arrays.append(values)
    _constant(folder / "det.onnx", (1, 3, 640, 640), arrays)
    landmarks = points_106().reshape(1, -1).astype(np.float32)
    _constant(folder / "2d106det.onnx", (1, 3, 192, 192), [landmarks])
    return folder


def _constant(path: Path, shape: tuple[int, ...], outputs: list[np.ndarray]) -> None:
    values = [numpy_helper.from_array(a, f"c{i}") for i, a in enumerate(outputs)]
    nodes = [helper.make_node("Identity", [f"c{i}"], [f"o{i}"]) for i in range(len(outputs))]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(f"o{i}", TensorProto.FLOAT, a.shape)
            for i, a in enumerate(outputs)
        ],
        values,
    )
    opset = [helper.make_opsetid("", 11)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
