"""The same movements at other rates, codecs and sizes, one condition a row.

Run by `benchmarks.spotting.simulated_streams matrix` and `compression`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from benchmarks._common.markdown import table
from benchmarks.spotting.stream_outcome import (
    EVENTS_PER_MIN,
    SECONDS,
    StreamOutcome,
    found_share,
    outcome,
    rate_text,
    regular,
    share_text,
    streams,
)
from model.spotting.face_footage import framed
from model.spotting.insertions import draw_insertions
from model.spotting.scene import simulate
from model.spotting.simulated_person import Behaviour
from model.synthetic.portraits import Portrait
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.spotting.rejection_rules import RejectionRules

CLEAN = SimulatedCamera(blur_px=0.5, noise=2.0, quality=0, crf=0)


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    fps: float = 30.0
    jitter: float = 0.0  # share of the period
    drops: float = 0.0
    camera: SimulatedCamera = CLEAN
    scale: float = 0.9  # frame pixels per crop pixel: 0.9 is an eye distance of 65 px
    glasses: bool | None = False

    @staticmethod
    def h264(kbit_s: int, noise: float = CLEAN.noise) -> Cell:
        """What a webcam's encoder makes of a 640×480 picture with such a face in it."""
        return Cell(f"H.264 {kbit_s} kbit/s", camera=replace(CLEAN, noise=noise, kbit_s=kbit_s))


CELLS = (
    *(Cell(f"{fps} fps", fps=fps) for fps in (15, 20, 23.976, 24, 25, 30, 60, 120, 200)),
    Cell("40 % jitter", jitter=0.4),
    Cell("10 % drops", drops=0.1),
    Cell("MJPEG q60", camera=replace(CLEAN, quality=60)),
    *(Cell.h264(kbit_s) for kbit_s in (2000, 1000, 500, 250)),
    Cell("as in 320×240", scale=0.45),
    Cell("as in 1280×720", scale=1.6),
    Cell("glasses", glasses=True),
)
FRAME = (640, 480)
KBITS = (4000, 2000, 1000, 500, 250, 125)
NOISES = (1.0, 1.5, 2.0, 3.0)  # of one stream after the other: what a codec has to carry
COARSE = (0, 1, 1.5, 1.8, 2, 2.2, 2.5, 3, 4, 10)
MATRIX_IOD = (0.0199, 0.0201)


def matrix_stream(
    portraits: Sequence[Portrait],
    given: argparse.Namespace,
    cell: Cell,
    gates: RejectionRules | None,
    number: int,
) -> StreamOutcome:
    numbers = [given.seed, 3, number]
    behaviour = replace(
        Behaviour.draw(np.random.default_rng(numbers)), talks=0.0, macros_per_min=1.0
    )
    # what is added is drawn from the reference stream, so that every cell has the same movements
    reference = simulate(portraits, numbers, regular(30.0)[::15], behaviour, glasses=False)
    rng = np.random.default_rng([*numbers, 1])
    added = draw_insertions(rng, reference, EVENTS_PER_MIN, peak_iod=MATRIX_IOD)
    random = np.random.default_rng([*numbers, 2])
    times = regular(cell.fps)
    times = times + cell.jitter * random.uniform(0, 1, len(times)) / cell.fps
    times = times[random.random(len(times)) >= cell.drops]
    scene = simulate(portraits, numbers, times, behaviour, scale=cell.scale, glasses=cell.glasses)
    if cell.camera.kbit_s:  # an encoder's bits go to all of its picture
        scene = framed(scene, *FRAME)
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
        "condition, movements of peak 2 % IOD",
        "time assessable",
        "recall",
        "apex difference from 30 fps, 95 % quantile, ms",
        "false alarms a minute",
    ]
    return table(headings, rows)


def compressed_stream(
    portraits: Sequence[Portrait], given: argparse.Namespace, kbit_s: int, number: int
) -> StreamOutcome:
    """Judged at any coarseness."""
    noise = NOISES[number % len(NOISES)]
    cell = Cell.h264(kbit_s, noise) if kbit_s else Cell("", camera=replace(CLEAN, noise=noise))
    return matrix_stream(portraits, given, cell, RejectionRules(max_coarse=np.inf), number)


def compression(portraits: Sequence[Portrait], given: argparse.Namespace) -> str:
    cells = {
        kbit_s: streams(partial(compressed_stream, portraits, given, kbit_s), given.count, given)
        for kbit_s in (0, *KBITS)
    }
    return by_bit_rate(cells) + "\n" + by_coarseness(cells)


def by_bit_rate(cells: Mapping[int, Sequence[StreamOutcome]]) -> str:
    rows = []
    for kbit_s, outcomes in cells.items():
        steps = [o.coarse[k] for o in outcomes for k in o.judged]
        rows.append(
            [
                f"{kbit_s} kbit/s" if kbit_s else "none",
                " – ".join(f"{c:.1f}" for c in np.quantile(steps, (0.1, 0.5, 0.9))),
                share_text(*found_share(outcomes, 0, 1)),
            ]
        )
    headings = ["H.264 of 640×480", "coarseness, 10 – 50 – 90 % quantiles, grey levels", "recall"]
    return table(headings, rows)


def by_coarseness(cells: Mapping[int, Sequence[StreamOutcome]]) -> str:
    """Of all bit rates together; cell 0 is without a codec."""
    seen = [
        (coded.coarse[k], k in coded.found, k in clear.found)
        for kbit_s in KBITS
        for coded, clear in zip(cells[kbit_s], cells[0], strict=True)
        for k in coded.judged
    ]
    rows = []
    for low, high in pairwise(COARSE):
        inside = [(found, in_clear) for c, found, in_clear in seen if low <= c < high]
        found, in_clear = np.array(inside, int).reshape(-1, 2).sum(axis=0)
        of = len(inside)
        rows.append(
            [f"{low:g} to {high:g}", share_text(found, of), f"{in_clear / of:.2f}" if of else "–"]
        )
    headings = ["coarseness, grey levels", "recall", "recall of the same movements without a codec"]
    return table(headings, rows)
