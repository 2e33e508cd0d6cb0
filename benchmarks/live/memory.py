"""Who holds the memory of a run: `python -m benchmarks.live.memory` (Linux)

A process of its own loads the parts of the live path one by one and notes what each adds: to its
resident memory, and to what of that no file on the disk backs, which alone is the process's own.
What a part loads first it is charged with, also where a later one would have loaded it too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil

from benchmarks._common.machine import machine
from benchmarks._common.markdown import table

ROOT = Path(__file__).resolve().parents[2]
STEPS = {
    "Python": "",
    "NumPy": "import numpy",
    "OpenCV": "import cv2",
    "LLVM": "import llvmlite.binding",
    "numba": """
import realtime
from realtime.memory import limit_held_memory, load_without_blas
import numba
limit_held_memory()
load_without_blas()""",
    "PyAV": "import av",
    "pydantic": "import pydantic",
    "Rich and the live dashboard": "import realtime.dashboard.live_dashboard",
    "the program's other modules": "import realtime.app",
    "LiteRT and its three networks": """
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
tracker = LandmarkTracker(face_model())""",
    "compiled kernels": """
from realtime.motion.stabiliser import StabiliserConfig
from realtime.spotting.kernels import build_kernels
from realtime.spotting.spotter import SpotterConfig
build_kernels(StabiliserConfig(), SpotterConfig())""",
    "the built-in subject": """
from realtime.demo.demo_run import DemoRun
source = DemoRun().open()""",
    "landmarks of a first frame": "tracker.track(0, source.read().image)",
    "1.5 s of its frames": "frames = [source.read() for _ in range(45)]",
}
_CHILD = """
import json, sys
def resident():
    with open("/proc/self/smaps_rollup") as file:
        rows = dict(line.split()[:2] for line in list(file)[1:])
    return [int(rows[name]) * 1024 / 1e6 for name in ("Rss:", "Anonymous:")]
found, before = {}, [0, 0]
for name, code in json.loads(sys.argv[1]).items():
    exec(code, globals())
    now = resident()
    found[name] = [a - b for a, b in zip(now, before)]
    before = now
print(json.dumps(found))
"""


def measure() -> dict[str, tuple[float, float]]:
    """Resident and own megabytes that each step adds."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, json.dumps(STEPS)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**psutil.Process().environ(), "PYTHONPATH": str(ROOT)},
    )
    return {name: (one, own) for name, (one, own) in json.loads(done.stdout).items()}


def main() -> None:
    measure()  # kernels compiled
    found = measure()
    rows = [[name, f"{one:.0f}", f"{own:.0f}"] for name, (one, own) in found.items()]
    rows.append(
        ["together", *(f"{sum(column):.0f}" for column in zip(*found.values(), strict=True))]
    )
    print(table(["part", "resident, MB", "of it backed by no file, MB"], rows))
    print(machine())


if __name__ == "__main__":
    main()
