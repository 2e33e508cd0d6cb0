"""The same movements at other rates, codecs and sizes, cell by cell: is it the same event?

Run by `benchmarks.spotting_streams matrix` and `compression`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from benchmarks.markdown import table
from benchmarks.streams import (
    EVENTS_PER_MIN,
    SECONDS,
    Outcome,
    found_share,
    outcome,
    rate_text,
    regular,
    share_text,
    streams,
)
from model.spotting.additions import draw_additions
from model.spotting.camera import Camera
from model.spotting.person import Habits
from model.spotting.scene import simulate
from model.synthetic.portraits import Portrait
from realtime.gates import GateConfig

CLEAN = Camera(blur_px=0.5, noise=2.0, quality=0, crf=0)


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    fps: float = 30.0
    jitter: float = 0.0  # share of the period
    drops: float = 0.0
    camera: Camera = CLEAN
    scale: float = 0.9  # frame pixels per crop pixel: 0.9 is an eye distance of 65 px
    glasses: bool | None = False


CELLS = (
    *(Cell(f"{fps} fps", fps=fps) for fps in (24, 25, 30, 60, 120, 200)),
    Cell("40 % jitter", jitter=0.4),
    Cell("10 % drops", drops=0.1),
    Cell("MJPEG q60", camera=replace(CLEAN, quality=60)),
    Cell("H.264 crf 23", camera=replace(CLEAN, crf=23)),
    Cell("H.264 crf 30", camera=replace(CLEAN, crf=30)),
    Cell("H.264 crf 36", camera=replace(CLEAN, crf=36)),
    Cell("as in 320×240", scale=0.45),
    Cell("as in 1280×720", scale=1.6),
    Cell("glasses", glasses=True),
)
CRFS = (0, 20, 23, 26, 28, 30, 33, 36)
COARSE = (0, 1, 2, 2.5, 3, 3.5, 4, 5, 10)
MATRIX_IOD = (0.0199, 0.0201)


def matrix_stream(
    portraits: Sequence[Portrait],
    given: argparse.Namespace,
    cell: Cell,
    gates: GateConfig | None,
    number: int,
) -> Outcome:
    numbers = [given.seed, 3, number]
    habits = replace(Habits.draw(np.random.default_rng(numbers)), talks=0.0, macros_per_min=1.0)
    # what is added is drawn from the reference stream, so that every cell has the same movements
    reference = simulate(portraits, numbers, regular(30.0)[::15], habits, glasses=False)
    rng = np.random.default_rng([*numbers, 1])
    added = draw_additions(rng, reference, EVENTS_PER_MIN, peak_iod=MATRIX_IOD)
    random = np.random.default_rng([*numbers, 2])
    times = regular(cell.fps)
    times = times + cell.jitter * random.uniform(0, 1, len(times)) / cell.fps
    times = times[random.random(len(times)) >= cell.drops]
    scene = simulate(portraits, numbers, times, habits, scale=cell.scale, glasses=cell.glasses)
    return outcome(scene, added, cell.camera, random, given, gates)


def matrix(portraits: Sequence[Portrait], given: argparse.Namespace) -> str:
    cells = {
        c.name: streams(partial(matrix_stream, portraits, given, c, None), given.count, given)
        for c in CELLS
    }
    reference = cells["30 fps"]
    rows = []
    for name, outcomes in cells.items():
        hits, of = found_share(outcomes, 0, 1)
        apart = [
            abs(at[1] - r.found[k][1])
            for o, r in zip(outcomes, reference, strict=True)
            for k, at in o.found.items()
            if k in r.found
        ]
        judged = sum(o.seconds for o in outcomes) / (SECONDS * len(outcomes))
        minutes = sum(o.seconds for o in outcomes) / 60
        rows.append(
            [
                name,
                f"{judged:.0%}",
                share_text(hits, of) if judged > 0.5 else "not assessable",
                f"{1e3 * np.percentile(apart, 95):.0f}" if apart else "–",
                rate_text(sum(o.false for o in outcomes), minutes) if minutes > 0.1 else "–",
            ]
        )
    headings = [
        "cell, movements of 2 % IOD",
        "time judged",
        "recall",
        "apex from that at 30 fps, 95 %, ms",
        "false alarms a minute",
    ]
    return table(headings, rows)


def compression(portraits: Sequence[Portrait], given: argparse.Namespace) -> str:
    ignored = GateConfig(max_coarse=np.inf)
    cells = {
        crf: streams(
            partial(
                matrix_stream, portraits, given, Cell("", camera=replace(CLEAN, crf=crf)), ignored
            ),
            given.count,
            given,
        )
        for crf in CRFS
    }
    rows = []
    for crf, outcomes in cells.items():
        coarse = np.array([c for o in outcomes for c in o.coarse.values()])
        rows.append(
            [
                f"crf {crf}" if crf else "none",
                " – ".join(f"{c:.1f}" for c in np.quantile(coarse, (0.1, 0.5, 0.9))),
                share_text(*found_share(outcomes, 0, 1)),
            ]
        )
    headings = ["H.264", "coarseness, 10 – 50 – 90 %, grey levels", "recall, judged or not"]
    text = table(headings, rows)
    seen = [
        (o.coarse[k], k in o.found)
        for outcomes in cells.values()
        for o in outcomes
        for k in o.judged
    ]
    rows = []
    for low, high in pairwise(COARSE):
        inside = [ok for c, ok in seen if low <= c < high]
        rows.append([f"{low:g} to {high:g}", share_text(sum(inside), len(inside))])
    return text + "\n" + table(["coarseness, grey levels", "recall"], rows)
