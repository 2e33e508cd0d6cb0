"""What a frame costs, stage by stage: `python -m benchmarks.live [CLIP]`

The clip is decoded first, then analysed on one thread by the stages of the live path.  Between
blocks of frames the landmark network runs alone on the same frames, so that both see the same
machine: ratios hold on a busy one, milliseconds need a quiet one.  CPU time (`cpu`) does not
count what neighbours take.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks._common.machine import machine
from realtime.demo.subject import DemoSubject
from realtime.face.face_mesh import FaceMesh, FaceRegion
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.face_spotter import FaceSpotter

ROOT = Path(__file__).resolve().parents[2]
WEBCAM = ROOT.parent / "shared" / "media" / "webcam.mp4"
BLOCK = 50  # frames between turns of the network alone
FRONT_END = ("grey", "stabiliser", "spotter")

# design: ms a frame besides the landmark network, frames a second on one core, start-up, memory
BUDGET_FRONT_MS, BUDGET_FPS, BUDGET_START_S, BUDGET_MB = 2.0, 90.0, 2.0, 600.0


class Stopwatch:
    """Wall and CPU milliseconds of named stages."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = defaultdict(list)
        self.cpu: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu[name].append(1e3 * (time.process_time() - cpu))
        self.wall[name].append(1e3 * (time.perf_counter() - wall))


def load(path: Path) -> list[tuple[int, NDArray[np.uint8]]]:
    with av.open(str(path)) as clip:
        return [
            (round(float(f.pts * f.time_base) * 1e9), f.to_ndarray(format="bgr24"))
            for f in clip.decode(video=0)
        ]


def render() -> list[tuple[int, NDArray[np.uint8]]]:
    subject = DemoSubject()
    return [(round(k / 30 * 1e9), subject.frame(k).copy()) for k in range(600)]


def measure(frames: list[tuple[int, NDArray[np.uint8]]], model: Path) -> Stopwatch:
    import zipfile

    watch, tracker = Stopwatch(), LandmarkTracker(model)
    with zipfile.ZipFile(model) as archive:
        alone = FaceMesh(archive.read("face_landmarks_detector.tflite"))
    spotter = FaceSpotter(0)
    region: FaceRegion | None = None
    for seq, (t_ns, image) in enumerate(frames):
        with watch.stage("whole frame"):
            with watch.stage("grey"):
                grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            with watch.stage("face"):
                faces = tracker.track(t_ns, image)
            if not faces:
                continue
            with watch.stage("stabiliser"):
                stabilised = spotter.align(seq, t_ns, grey, faces[0])
            with watch.stage("spotter"):
                spotter.spot(stabilised, faces[0])
        region = FaceRegion.of_landmarks(faces[0].landmarks)
        if seq % BLOCK == BLOCK - 1:
            for _, other in frames[seq - BLOCK + 1 : seq + 1]:
                with watch.stage("landmark network alone"):
                    alone.fit(other, region)
    return watch


def start_up() -> tuple[float, float, bool]:
    """Seconds from a new process to its first analysed frame, its memory, whether torch came."""
    code = (
        "import sys, threading, time; t = time.monotonic()\n"
        "import psutil, realtime.app as app\n"
        "from realtime.settings.load import load_settings\n"
        "from realtime.analysis import Analysis\n"
        "first = []\n"
        "analyse = Analysis.analyse\n"
        "def timed(self, *frame):\n"
        "    result = analyse(self, *frame)\n"
        "    first or first.append(time.monotonic() - t)\n"
        "    return result\n"
        "Analysis.analyse = timed\n"
        "if __name__ == '__main__':\n"
        "    flags = {'source.demo': True, 'source.seconds': 8.0, 'dashboard.kind': 'none',\n"
        "             'recorder.output': sys.argv[1]}\n"
        "    app.run(load_settings(None, flags), threading.Event())\n"
        "    print(first[0], psutil.Process().memory_info().rss / 1e6, 'torch' in sys.modules)\n"
    )
    best = (float("inf"), 0.0, False)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "start.py"
        script.write_text(code, "utf-8")
        for _ in range(3):
            shown = subprocess.run(
                [sys.executable, str(script), folder],
                capture_output=True,
                text=True,
                check=True,
                cwd=ROOT,
                env={**psutil.Process().environ(), "PYTHONPATH": str(ROOT)},
            ).stdout.split()
            best = min(best, (float(shown[-3]), float(shown[-2]), shown[-1] == "True"))
    return best


def report(watch: Stopwatch, start: tuple[float, float, bool], clip: str) -> dict[str, object]:
    yardstick = float(np.median(watch.cpu["landmark network alone"]))
    stages = {}
    for name in ("grey", "face", "stabiliser", "spotter", "whole frame", "landmark network alone"):
        wall, cpu = watch.wall[name], watch.cpu[name]
        stages[name] = {
            "wall_p50_ms": round(float(np.median(wall)), 3),
            "wall_p95_ms": round(float(np.percentile(wall, 95)), 3),
            "cpu_mean_ms": round(float(np.mean(cpu)), 3),
            "ratio_to_network": round(float(np.mean(cpu)) / yardstick, 3),
        }
    front_ms = sum(float(np.mean(watch.cpu[name])) for name in FRONT_END)
    frame_ms = float(np.mean(watch.cpu["whole frame"]))
    budgets = {
        "front end, cpu ms a frame": (front_ms, BUDGET_FRONT_MS, front_ms <= BUDGET_FRONT_MS),
        "frames a second, one core": (1e3 / frame_ms, BUDGET_FPS, 1e3 / frame_ms >= BUDGET_FPS),
        "start to first frame, s": (start[0], BUDGET_START_S, start[0] <= BUDGET_START_S),
        "memory, 640×480, MB": (start[1], BUDGET_MB, start[1] <= BUDGET_MB),
    }
    return {
        "clip": clip,
        "machine": machine(),
        "stages": stages,
        "budgets": {
            name: {"measured": round(value, 2), "budget": budget, "met": met}
            for name, (value, budget, met) in budgets.items()
        },
        "torch_imported": start[2],
    }


def show(result: dict[str, object], console: Console) -> None:
    stages = Table(title=f"ms a frame on {result['clip']}")
    for heading in ("stage", "p50", "p95", "cpu mean", "× landmark network alone"):
        stages.add_column(heading, justify="left" if heading == "stage" else "right")
    for name, row in dict(result["stages"]).items():  # type: ignore[call-overload]
        stages.add_row(name, *(f"{value:.2f}" for value in row.values()))
    budgets = Table(title="against the budgets")
    for heading in ("what", "measured", "budget", "met"):
        budgets.add_column(heading, justify="left" if heading == "what" else "right")
    for name, row in dict(result["budgets"]).items():  # type: ignore[call-overload]
        met = "yes" if row["met"] else "NO"
        budgets.add_row(name, f"{row['measured']:.2f}", f"{row['budget']:g}", met)
    console.print(stages)
    console.print(budgets)
    console.print(f"{result['machine']}; torch imported: {result['torch_imported']}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path, help="default: webcam.mp4, else the demo")
    parser.add_argument("--json", metavar="FILE", help="write the figures; - for standard output")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    path = options.clip or (WEBCAM if WEBCAM.is_file() else None)
    frames = load(path) if path else render()
    measure(frames[:60], face_model())  # kernels compiled, caches warm
    watch = measure(frames, face_model())
    result = report(watch, start_up(), path.name if path else "the demo subject")
    show(result, Console(stderr=options.json == "-", width=None if sys.stdout.isatty() else 100))
    text = json.dumps(result, indent=2, ensure_ascii=False)
    if options.json == "-":
        sys.stdout.write(text + "\n")
    elif options.json:
        Path(options.json).write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
