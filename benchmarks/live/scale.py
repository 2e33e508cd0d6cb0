"""What an archive costs, on how many machines: `python -m benchmarks.live.scale`

Measured here: CPU seconds and bytes of `fleeting batch` over more and more copies of one film.
Simulated from them: 1,000 hours of video of uneven length on 1 to 100 workers, each video one task
that goes to the first free worker, as a cluster gives them out; some tasks take much longer.
"""

from __future__ import annotations

import argparse
import heapq
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from realtime.demo.subject import DemoSubject
from realtime.recording.clip_writer import ClipWriter

ROOT = Path(__file__).resolve().parents[2]
FILM_S, FPS = 34.0, 30.0
HOURS = 1000
MEAN_S, SPREAD = 600.0, 0.7  # of a video's length; standard deviation of its logarithm
STRAGGLERS, SLOWER = 0.02, 4.0  # share of the tasks that take so many times as long
JITTER = 0.15  # standard deviation of the logarithm of every task's time
WORKERS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a batch of `videos` films of `FILM_S` seconds."""

    videos: int
    cpu_s: float  # of all its processes
    kept_bytes: int

    @property
    def hours(self) -> float:
        return self.videos * FILM_S / 3600


def write_film(path: Path) -> None:
    """The built-in subject, as a film."""
    subject = DemoSubject(seconds=FILM_S, fps=FPS)
    with ClipWriter(path, *subject.size) as writer:
        for k in range(subject.frame_count):
            writer.write(subject.frame(k), round(k * 1e9 / FPS))


def measure(film: Path, videos: int, workers: int, folder: Path) -> Cost:
    """Analyse so many copies of a film."""
    films, output = folder / f"films{videos}", folder / f"out{videos}"
    films.mkdir()
    for k in range(videos):
        (films / f"{k:03d}.mp4").symlink_to(film)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "realtime.cli.programs", "batch", str(films)]
    command += ["--output", str(output), "--workers", str(workers)]
    subprocess.run(
        command,
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    kept = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    return Cost(videos, cpu_s, kept)


def task_times(start_s: float, per_second: float, seed: int = 0) -> NDArray[np.float64]:
    """Seconds of one worker for every video of the archive.

    Args:
        start_s: of a task, whatever its length.
        per_second: of a worker for each second of video.
    """
    random = np.random.default_rng(seed)
    count = round(HOURS * 3600 / MEAN_S)
    lengths = random.lognormal(0.0, SPREAD, count)
    lengths *= HOURS * 3600 / lengths.sum()
    times = (start_s + per_second * lengths) * random.lognormal(0.0, JITTER, count)
    times[random.random(count) < STRAGGLERS] *= SLOWER
    return times


def makespan(times: Sequence[float] | NDArray[np.float64], workers: int) -> float:
    """Seconds until all tasks are done, each given to the worker that is free first."""
    free = [0.0] * workers
    for time_s in times:
        heapq.heapreplace(free, free[0] + float(time_s))
    return max(free)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--videos", type=int, nargs="+", default=[1, 2, 4, 8], help="up to 64")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = folder / "film.mp4"
        write_film(film)
        with av.open(str(film)) as container:
            size = container.streams.video[0]
            shown = f"{size.width}×{size.height} at {FPS:.0f} fps"
        costs = [measure(film, videos, given.workers, folder) for videos in sorted(given.videos)]
    hours = np.array([cost.hours for cost in costs])
    cpu_s = np.array([cost.cpu_s for cost in costs])
    per_hour = (
        float((hours @ cpu_s) / (hours @ hours)) if len(costs) > 1 else costs[0].cpu_s / hours[0]
    )
    times = task_times(5.0, per_hour / 3600)
    text = page(
        "What an archive costs",
        f"Films of the built-in subject, {shown}, {FILM_S:.0f} s each, by `fleeting batch`.",
        table(
            ["videos", "hours of video", "CPU s", "CPU s an hour", "MB kept an hour"],
            [
                [
                    str(c.videos),
                    f"{c.hours:.3f}",
                    f"{c.cpu_s:.0f}",
                    f"{c.cpu_s / c.hours:.0f}",
                    f"{c.kept_bytes / 1e6 / c.hours:.0f}",
                ]
                for c in costs
            ],
        ),
        f"Simulated: {HOURS} hours in {len(times)} videos of {MEAN_S / 60:.0f} minutes (mean; "
        f"standard deviation of the logarithm {SPREAD}), at {per_hour:.0f} CPU s an hour of video; "
        f"{STRAGGLERS:.0%} of the tasks take {SLOWER:.0f} times as long. Efficiency is the work "
        "divided by workers times duration.\n",
        table(
            ["workers", "hours until it is done", "efficiency"],
            [
                [
                    str(w),
                    f"{makespan(times, w) / 3600:.1f}",
                    f"{times.sum() / w / makespan(times, w):.3f}",
                ]
                for w in WORKERS
            ],
        ),
        machine(),
    )
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
