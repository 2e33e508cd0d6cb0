"""Inference time of a pair on every backend: `python -m benchmarks.network.engine [--out FILE]`

Each runs in a process of its own, on the shipped engine and random pairs.  Beside it, in the same
process, one matrix product in float32 tells what this machine's arithmetic can do at that moment;
the limit is the network's multiplications at that rate.  Ratios to it hold on a busy machine,
milliseconds need a quiet one.  Differences are to torch in float32.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from safetensors.torch import load_file

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from model.engine.engine_folder import WEIGHTS, add_file
from model.export_engine import write_onnx
from model.network.frl_dgt import FrlDgt
from realtime.engine.backends import backends, missing, open_session
from realtime.engine.folder import NETWORK, EngineFolder, default_engine
from realtime.errors import EngineError

GMAC = 3.92  # of a pair: 3.79 in the displacement module's convolutions, the rest in the fusion
SIDE = 1024  # of the matrices
REFERENCE = "torch-f32"
TITLE = "Inference time by backend"
ABOUT = (
    "Each backend runs the shipped engine on random pairs in a process of its own. "
    '"× product" is the time relative to one float32 matrix product of as many '
    "multiplications, measured beside it; errors are relative to PyTorch in float32."
)
_GRAPH_RUNTIMES = ("onnxruntime-f32", "openvino-f32", "openvino-bf16")


def pairs(count: int) -> np.ndarray:
    return np.random.default_rng(1).random((count, 2, 224, 224)).astype(np.float32)


def product_gmac_per_s() -> float:
    """Multiplications a second of a float32 matrix product, the best of a few."""
    a = np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        np.dot(a, a)
        best = min(best, time.perf_counter() - start)
    return SIDE**3 / best / 1e9


def child(engine: Path, name: str, threads: int, answers: Path) -> dict[str, Any]:
    """Everything about one backend at one number of threads; run in a process of its own."""
    process = psutil.Process()
    before_mb = process.memory_info().rss / 1e6
    start = time.perf_counter()
    session = open_session(EngineFolder.load(engine), name, threads)
    start_s = time.perf_counter() - start
    answer = session.run(pairs(2))
    np.savez(answers, logits=answer.logits, displacement=answer.displacement)
    figures: dict[str, Any] = {"start_s": start_s}
    for batch, rounds in ((1, 15), (8, 3)):
        given = pairs(batch)
        session.run(given)
        wall, cpu, limits = [], [], []
        for _ in range(rounds):
            t, c = time.perf_counter(), time.process_time()
            session.run(given)
            wall.append(1e3 * (time.perf_counter() - t) / batch)
            cpu.append(1e3 * (time.process_time() - c) / batch)
            if len(limits) < 3:
                limits.append(product_gmac_per_s())
        limit_ms = 1e3 * GMAC / float(np.median(limits))
        figures[f"b{batch}"] = {
            "ms": float(np.median(wall)),
            "cpu_ms": float(np.median(cpu)),
            "times_limit": float(np.median(wall)) / limit_ms,
        }
    return figures | {"memory_mb": process.memory_info().rss / 1e6 - before_mb}


def ask(engine: Path, name: str, threads: int, folder: Path) -> dict[str, Any]:
    answers = folder / f"{name}-{threads}.npz"
    command = [sys.executable, "-m", "benchmarks.network.engine", "--engine", str(engine)]
    command += ["--child", name, str(threads), str(answers)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise EngineError(f"{name} on {threads} threads: {done.stderr.strip()[-300:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    with np.load(answers) as arrays:
        return found | {"logits": arrays["logits"], "displacement": arrays["displacement"]}


def plain_engine(engine: Path, scratch: Path) -> Path:
    """The same engine with its graph in the paper's order, without `fast_inference`."""
    plain = shutil.copytree(engine, scratch / "plain")
    model = FrlDgt()
    model.load_state_dict(load_file(engine / WEIGHTS))
    write_onnx(model, scratch / NETWORK)
    add_file(plain, NETWORK, (scratch / NETWORK).read_bytes())
    return plain


def order_table(engine: Path, found: Mapping[tuple[str, int], Mapping[str, Any]]) -> str:
    """Time of both orders of the same operations, one thread, one pair."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        plain = plain_engine(engine, Path(scratch))
        for name in sorted({n for n, _ in found} & set(_GRAPH_RUNTIMES)):
            before = ask(plain, name, 1, Path(scratch))
            now = found[name, 1]
            ratio = now["b1"]["times_limit"] / before["b1"]["times_limit"]
            off = np.abs(before["displacement"] - now["displacement"]).max()
            cells = [f"{f['b1']['ms']:.0f}" for f in (before, now)]
            rows.append([name, *cells, f"{ratio:.2f}", f"{off:.1g}"])
    headings = ["backend", "paper's order, ms", "reordered, ms", "ratio", "difference, px"]
    return table(headings, rows)


def report(engine: Path) -> str:
    folder = EngineFolder.load(engine)
    here = [b.name for b in backends().values() if missing(b, folder) is None]
    with tempfile.TemporaryDirectory() as scratch:
        found = {
            (name, threads): ask(engine, name, threads, Path(scratch))
            for name in here
            for threads in (1, 2)
        }
    truth = found[REFERENCE, 1]
    rows = []
    for (name, threads), f in found.items():
        off = [np.abs(f[what] - truth[what]).max() for what in ("logits", "displacement")]
        rows.append(
            [
                f"{name}, {threads} thread{'s' * (threads > 1)}",
                *(f"{f['b1'][what]:.0f}" for what in ("ms", "cpu_ms")),
                f"{f['b1']['times_limit']:.2f}",
                f"{f['b8']['ms']:.0f}",
                f"{f['b8']['times_limit']:.2f}",
                f"{f['start_s']:.2f}",
                f"{f['memory_mb']:.0f}",
                *(f"{value:.1g}" for value in off),
            ]
        )
    headings = [
        *("backend", "ms per pair", "CPU ms", "× product", "ms per pair, batch of 8", "× product"),
        *("start, s", "memory, MB", "logit error", "displacement error, px"),
    ]
    absent = [f"{b.name}: {missing(b, folder)}" for b in backends().values() if b.name not in here]
    text = table(headings, rows) + f"\nEngine {folder.fingerprint}. {machine()}\n"
    order = "The graph in the paper's order, and reordered by model/network/fast_inference.py:\n"
    rest = "Not measured. " + "; ".join(absent) + ".\n"
    return page(TITLE, ABOUT, text, order, order_table(engine, found), rest)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", type=Path, default=default_engine())
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        name, threads, answers = given.child
        print(json.dumps(child(given.engine, name, int(threads), Path(answers))))
        return 0
    try:
        text = report(given.engine)
    except EngineError as error:
        sys.stderr.write(f"benchmarks.network.engine: {error}\n")
        return error.exit_code
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
