"""Does anything grow?  `python -m benchmarks.soak [--minutes 120] [--times 1] [--out docs/soak.md]`

The real program on a camera that goes on for ever: the built-in subject there and back again, as
Motion JPEG over loopback, with recorder and engine.  Memory, threads, descriptors and the flag's
delay are taken from outside; five points of the run, and the slope of each over the run with its
95 % interval.  A slope whose interval holds zero is none.  `--times 10`: ten times as many frames
a second reach the program, as many as ten times the hours would bring.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._common.looped_stream import LoopedStream, subject_clip
from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks._common.watched_run import Footprint, WatchedRun

CLIP_S = 24.0
END_S = 300.0  # for the end of the run, on a busy machine
WARM_S = 300.0  # at most; and a fifth of the run: caches and rings fill
POINTS = 5
BLOCKS = 12  # of the run, whose means are taken for independent
DRAWS = 2000
_EVENT = re.compile(r"EVENT (\d+).* apex ([\d.]+) s")


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity over the run."""

    name: str
    unit: str
    t_s: NDArray[np.float64]
    values: NDArray[np.float64]
    quantile: float | None = None  # of a stretch; None: its mean; 0: its least


def flag_delays(run: WatchedRun) -> list[tuple[float, float]]:
    """When each flag's line came, and how long after its apex, in seconds.

    A clip tells its apex on the clock that stamps the frames, which is this process's too.
    """
    notes = min((run.session() / "clips").glob("*.json"), default=None)
    if notes is None:  # nothing was flagged
        return []
    apex_ns = json.loads(notes.read_text("utf-8"))["apex_ns"]
    said = [(at, match) for at, line in run.lines if (match := _EVENT.search(line))]
    zero_s = next(apex_ns / 1e9 - float(m[2]) for _, m in said if m[1] == notes.stem)
    return [(at, at - zero_s - float(match[2])) for at, match in said]


def slope(series: Series, seed: int = 0) -> tuple[float, float, float]:
    """Per hour, with its 95 % interval: blocks of the run drawn again and again."""
    edges = np.linspace(series.t_s[0], series.t_s[-1], BLOCKS + 1)
    blocks = [(t.mean() / 3600, _summary(series, v)) for t, v in _between(series, edges) if len(v)]
    x, y = np.array(blocks).T
    draws = np.random.default_rng(seed).integers(0, len(x), (DRAWS, len(x)))
    slopes = [np.polyfit(x[d], y[d], 1)[0] for d in draws if len(set(d)) > 2]
    low, high = np.percentile(slopes, [2.5, 97.5])
    return float(np.polyfit(x, y, 1)[0]), float(low), float(high)


def points(series: Series) -> list[float]:
    edges = np.linspace(series.t_s[0], series.t_s[-1], POINTS + 1)
    return [_summary(series, v) if len(v) else float("nan") for _, v in _between(series, edges)]


def _between(
    series: Series, edges: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    place = np.clip(np.searchsorted(edges, series.t_s, side="right") - 1, 0, len(edges) - 2)
    return [(series.t_s[place == k], series.values[place == k]) for k in range(len(edges) - 1)]


def _summary(series: Series, values: NDArray[np.float64]) -> float:
    if series.quantile is None:
        return float(values.mean())
    return float(np.quantile(values, series.quantile))


def series_of(footprints: list[Footprint], delays: list[tuple[float, float]]) -> list[Series]:
    t_s = np.array([f.t_s for f in footprints])
    at_s, delay_s = np.array(delays).reshape(-1, 2).T
    inside = (at_s >= t_s[0]) & (at_s <= t_s[-1])
    stretches = set((at_s[inside] - t_s[0]) * BLOCKS // (t_s[-1] - t_s[0]))
    flagged = [Series("flag after the apex, p99", "s", at_s[inside], delay_s[inside], 0.99)]
    return [
        Series(
            "RSS with the engine's process", "MB", t_s, np.array([f.rss_mb for f in footprints])
        ),
        # those at rest: a clip that is being written has some of its own
        Series("threads, least", "", t_s, np.array([f.threads for f in footprints], float), 0.0),
        Series("descriptors, least", "", t_s, np.array([f.descriptors for f in footprints]), 0.0),
        *(flagged if len(stretches) > BLOCKS // 2 else []),  # of fewer there is no slope
    ]


def report(series: list[Series], run_s: float, warm_s: float, more: str) -> str:
    rows = []
    for one in series:
        middle, low, high = slope(one)
        unit = f" {one.unit}" if one.unit else ""
        flat = "yes" if low <= 0 <= high else "no"
        places = 2 if one.unit == "s" else 1
        cells = [f"{v:.{places}f}" if v == v else "–" for v in points(one)]
        rows.append([one.name + unit.replace(" ", ", ", 1), *cells, f"{middle:+.2f}",
                     f"{low:+.2f} to {high:+.2f}", flat])  # fmt: skip
    heads = [f"{k + 1} of {POINTS}" for k in range(POINTS)]
    return page(
        "Soak",
        f"The program on a camera that goes on for ever, for {run_s / 60:.0f} minutes of real "
        f"time, of which the first {warm_s:.0f} s are left out. {more} "
        f"Every point is a fifth of the rest; the interval of a slope is 95 %, from {BLOCKS} "
        "blocks of it drawn with replacement.",
        table(["what", *heads, "slope an hour", "interval", "holds zero"], rows),
        f"{machine()}\n",
    )


def _speed(given: argparse.Namespace) -> str:
    if given.times == 1:
        return ""
    hours = given.minutes / 60 * given.times
    return f", as many as {hours:.0f} hours at {given.fps:g} bring, {given.times} times as fast"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--fps", type=float, default=30.0, help="of the camera")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), metavar=("W", "H"))
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    fps, run_s, size = given.fps * given.times, given.minutes * 60, tuple(given.size)
    warm_s = min(WARM_S, run_s / 5)
    clip = subject_clip(CLIP_S if given.times == 1 else CLIP_S / 2, fps, size)
    footprints = []
    with tempfile.TemporaryDirectory() as name, LoopedStream(clip, fps) as camera:
        with WatchedRun(camera.url, Path(name), "--seconds", f"{run_s:g}") as run:
            begun_s = run.wait_for(" LIVE", 300)
            while run.process.poll() is None and time.monotonic() < begun_s + run_s + 60:
                look = run.footprint()
                if look is not None and begun_s + warm_s <= look.t_s <= begun_s + run_s - 2:
                    footprints.append(look)
                time.sleep(given.every)
            run.process.wait(END_S)
        counts = run.counts()
        delays = flag_delays(run)
    frames, seconds = counts["frames"], counts["seconds"]
    more = (
        f"{size[0]}×{size[1]} at {fps:g} frames a second{_speed(given)}; {frames['read']} read, "
        f"{frames['missing']} counted as missing, {frames['analysed']} analysed; judged "
        f"{100 * seconds['judged'] / seconds['seen']:.0f} % of the time; "
        f"{sum(counts['events'].values())} events."
    )
    publish(report(series_of(footprints, delays), run_s, warm_s, more), given.out)
    return run.process.returncode


if __name__ == "__main__":
    sys.exit(main())
