"""How long does the program take to end?  `python -m benchmarks.ends [--out docs/ends.md]`

The real program on Motion JPEG over loopback, with engine and a video being written, is asked to
end: by SIGTERM, by Ctrl-C, by a second Ctrl-C at once after the first.  Beside each
time stands its ratio to what the same machine took, in the same run, from the start to the first
picture: seconds say little of a machine that does something else too.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks._common.looped_stream import LoopedStream, subject_clip
from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks._common.watched_run import WatchedRun

FPS, SIZE, CLIP_S = 30.0, (640, 480), 24.0
PATIENCE_S = 300.0  # for a start, on a busy machine
WRITING_S = 4.0  # of video, before it is asked to end
SECOND_S = 0.05  # between two presses
WAYS = {
    "SIGTERM": (signal.SIGTERM,),
    "Ctrl-C": (signal.SIGINT,),
    "Ctrl-C twice": (signal.SIGINT, signal.SIGINT),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """One run: seconds from its start to the first picture, from the last signal to its end."""

    started_s: float
    ended_s: float
    code: int
    parts: int  # files that were begun and not finished


def measure(camera: LoopedStream, signals: tuple[int, ...]) -> Ending:
    with tempfile.TemporaryDirectory() as name:
        begun_s = time.monotonic()
        with WatchedRun(camera.url, Path(name), "--pictures", "video") as run:
            live_s = run.wait_for(" LIVE", PATIENCE_S)
            time.sleep(WRITING_S)
            for number, sent in enumerate(signals):
                time.sleep(SECOND_S if number else 0)
                run.process.send_signal(sent)
            asked_s = time.monotonic()
            code = run.process.wait(PATIENCE_S)
            ended_s = time.monotonic()
            parts = sum(1 for _ in run.output.rglob("*.part*"))
    return Ending(live_s - begun_s, ended_s - asked_s, code, parts)


def row(way: str, endings: list[Ending]) -> list[str]:
    ratios = [ending.ended_s / ending.started_s for ending in endings]
    return [
        way,
        f"{statistics.median(e.ended_s for e in endings):.2f}",
        f"{max(e.ended_s for e in endings):.2f}",
        f"{statistics.median(e.started_s for e in endings):.2f}",
        f"{statistics.median(ratios):.2f}",
        ", ".join(sorted({str(e.code) for e in endings})),
        str(sum(e.parts for e in endings)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="of each way to end")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with LoopedStream(subject_clip(CLIP_S, FPS, SIZE), FPS) as camera:
        rows = [
            row(way, [measure(camera, signals) for _ in range(given.runs)])
            for way, signals in WAYS.items()
        ]
    text = page(
        "Ends",
        "The program on Motion JPEG over loopback, asked to end while it writes a video. Seconds "
        f"from the last signal to the end of the process, {given.runs} runs each; start: from its "
        "start to the first picture, in the same runs. A second Ctrl-C leaves open files as they "
        "are, for the next run to recover; it may come when the first has ended everything.",
        table(
            [
                *("asked by", "median s", "longest s", "start, median s", "end ÷ start"),
                *("exit codes", "files unfinished"),
            ],
            rows,
        ),
        f"{machine()}\n",
    )
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
