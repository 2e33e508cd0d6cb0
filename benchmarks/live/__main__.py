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
from dataclasses import dataclass
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
from realtime.memory import limit_held_memory
from realtime.spotting.face_spotter import FaceSpotter

ROOT = Path(__file__).resolve().parents[2]
WEBCAM = ROOT.parent / "shared" / "media" / "webcam.mp4"
BLOCK = 50  # frames between turns of the network alone
WARM_UP = 150  # frames: kernels load with the first frame and with the first candidates
FRONT_END = ("grey", "stabiliser", "spotter")

# design: ms a frame besides the landmark network, frames a second on one core, start-up, memory
BUDGET_FRONT_MS, BUDGET_FPS, BUDGET_START_S, BUDGET_MB = 1.5, 300.0, 0.6, 300.0
RUNS = 3  # of the start-up; the fastest counts, as neighbours only slow it down


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


@dataclass(frozen=True, slots=True)
class StartUp:
    """Of a new process that runs the demo at 640x480 and 30 fps, with recorder and engine."""

    wall_s: float  # to its first analysed frame
    cpu_s: float
    peak_mb: float  # resident memory of the program while it runs, without the engine's process
    torch: bool  # whether it was imported


_RUN = """
if __name__ == "__main__":  # the engine's process imports this file too
    import json, sys, threading, time
    begun_s = time.monotonic()
    import psutil, realtime.app as app
    from realtime.analysis import Analysis
    from realtime.settings.load import load_settings
    process, first, peak = psutil.Process(), [], [0]
    analyse = Analysis.analyse
    def timed(*given, **named):
        result = analyse(*given, **named)
        if not first:
            first.extend([time.monotonic() - begun_s, sum(process.cpu_times()[:2])])
        peak[0] = max(peak[0], process.memory_info().rss)
        return result
    Analysis.analyse = timed
    flags = {"source.demo": True, "source.seconds": 8.0, "dashboard.kind": "none",
             "recorder.output": sys.argv[1]}
    app.run(load_settings(None, flags), threading.Event())
    print(json.dumps([*first, peak[0] / 1e6, "torch" in sys.modules]))
"""


def start_up() -> StartUp:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "start.py"
        script.write_text(_RUN, "utf-8")
        for _ in range(RUNS):
            shown = subprocess.run(
                [sys.executable, str(script), folder],
                capture_output=True,
                text=True,
                check=True,
                cwd=ROOT,
                env={**psutil.Process().environ(), "PYTHONPATH": str(ROOT)},
            ).stdout
            found.append(StartUp(*json.loads(shown.splitlines()[-1])))
    return min(found, key=lambda start: start.wall_s)


def slowest_imports(most: int = 8) -> dict[str, float]:
    """Modules of the live path with what they import, in milliseconds; nested ones count twice."""
    command = [sys.executable, "-X", "importtime", "-c", "import realtime.app"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    rows = [line.split("|") for line in done.stderr.splitlines() if line.count("|") == 2]
    packages = {
        name.strip(): int(total) / 1e3
        for _, total, name in rows
        if total.strip().isdigit() and "." not in name.strip().removeprefix("realtime.")
    }
    return dict(sorted(packages.items(), key=lambda item: -item[1])[:most])


def report(watch: Stopwatch, start: StartUp, clip: str) -> dict[str, object]:
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
        "start to first frame, s": (start.wall_s, BUDGET_START_S, start.wall_s <= BUDGET_START_S),
        "the same, cpu s": (start.cpu_s, BUDGET_START_S, start.cpu_s <= BUDGET_START_S),
        "peak memory, 640×480, MB": (start.peak_mb, BUDGET_MB, start.peak_mb <= BUDGET_MB),
    }
    return {
        "clip": clip,
        "machine": machine(),
        "stages": stages,
        "budgets": {
            name: {"measured": round(value, 2), "budget": budget, "met": met}
            for name, (value, budget, met) in budgets.items()
        },
        "imports_ms": slowest_imports(),
        "torch_imported": start.torch,
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
    imports = Table(title="import time, ms, with what each imports")
    imports.add_column("module")
    imports.add_column("ms", justify="right")
    for name, took in dict(result["imports_ms"]).items():  # type: ignore[call-overload]
        imports.add_row(name, f"{took:.0f}")
    console.print(imports)
    console.print(f"{result['machine']}; torch imported: {result['torch_imported']}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path, help="default: webcam.mp4, else the demo")
    parser.add_argument("--json", metavar="FILE", help="write the figures; - for standard output")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    limit_held_memory()  # as the program does: else each large picture is new memory
    path = options.clip or (WEBCAM if WEBCAM.is_file() else None)
    frames = load(path) if path else render()
    measure(frames[:WARM_UP], face_model())
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
