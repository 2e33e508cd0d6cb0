"""What is left of a run on a busy machine?  `python -m benchmarks.load [--out docs/load.md]`

The real program on Motion JPEG over loopback, while a second process keeps every core busy: one
face at 1080p60, and four faces in one picture at 720p30.  The server leaves no frame out, so each
frame that is counted as missing is invented.  Before each run the same one without that process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._common.looped_stream import LoopedStream, subject_clip
from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks._common.watched_run import WatchedRun

CLIP_S = 5.0
LOOKS_S = 0.5
MOMENTS = (0.4, 0.95)  # of the run, up to which the peak of memory is given


@dataclass(frozen=True, slots=True)
class Load:
    name: str
    size: tuple[int, int]
    fps: int
    faces: int

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--faces", str(self.faces)) if self.faces > 1 else ()


LOADS = (
    Load("1080p60, one face", (1920, 1080), 60, 1),
    Load("720p30, four faces", (1280, 720), 30, 4),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run."""

    sent: int
    counts: dict[str, Any]
    peaks_mb: tuple[float, float]  # up to each of `MOMENTS`

    def cells(self) -> list[str]:
        frames, seconds = self.counts["frames"], self.counts["seconds"]
        judged = seconds["judged"] / max(seconds["seen"], 1e-9)
        why = max(seconds["not_judged"], key=seconds["not_judged"].get, default="")
        return [
            str(self.sent),
            str(frames["read"]),
            str(frames["analysed"]),
            f"{100 * judged:.0f} %",
            str(why) if judged < 1 else "",
            str(frames["missing"]),
            *(f"{peak:.0f}" for peak in self.peaks_mb),
        ]


def measure(load: Load, clip: list[bytes], seconds: float) -> Outcome:
    with tempfile.TemporaryDirectory() as name, LoopedStream(clip, load.fps) as camera:
        with WatchedRun(camera.url, Path(name), "--seconds", f"{seconds:g}", *load.flags) as run:
            begun_s = run.wait_for(" LIVE", 300)
            looks = []
            while run.process.poll() is None and time.monotonic() < begun_s + 4 * seconds + 60:
                look = run.footprint()
                looks += [look] if look else []
                time.sleep(LOOKS_S)
            sent = camera.sent()
            run.process.wait(60)
        first, last = looks[0], looks[-1]
        span_s = last.t_s - first.t_s
        peaks = [
            max(look.rss_mb for look in looks if look.t_s - first.t_s <= part * span_s)
            for part in MOMENTS
        ]
        return Outcome(sent, run.counts(), (peaks[0], peaks[1]))


def _burn() -> None:
    while True:
        pass


@contextmanager
def busy_cores() -> Iterator[None]:
    """As many processes that never rest as there are cores."""
    burning = [
        multiprocessing.get_context("spawn").Process(target=_burn, daemon=True)
        for _ in range(os.cpu_count() or 1)
    ]
    for process in burning:
        process.start()
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.join()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=25.0, help="of each run")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows, invented = [], 0
    for load in LOADS:
        clip = subject_clip(CLIP_S, load.fps, load.size, faces=load.faces)
        idle = measure(load, clip, given.seconds)
        with busy_cores():
            busy = measure(load, clip, given.seconds)
        for outcome, name in ((idle, load.name), (busy, f"{load.name}, every core busy")):
            rows.append([name, *outcome.cells()])
            invented += outcome.counts["frames"]["missing"]
    first, last = (f"{100 * part:.0f} %" for part in MOMENTS)
    text = page(
        "Load",
        f"The program on Motion JPEG over loopback for {given.seconds:g} s, with recorder and "
        "engine, first as the machine was (its load is below), then beside a process on every core "
        "that never rests. Nothing is left out by "
        "the server: a frame that is counted as missing is invented. Frames that are sent and not "
        "captured waited in the system's buffers, behind a program that could not read them in "
        "time; of those that are captured the program drops what it cannot analyse, evenly. RSS "
        f"with the engine's process, the highest up to {first} and up to {last} of the run.",
        table(
            [
                *("load", "sent", "captured", "analysed", "judged", "most not judged because of"),
                *("missing, invented", f"RSS MB, {first}", f"RSS MB, {last}"),
            ],
            rows,
        ),
        f"{machine()}\n",
    )
    publish(text, given.out)
    return int(invented > 0)


if __name__ == "__main__":
    sys.exit(main())
