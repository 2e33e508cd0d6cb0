"""The spotter on generated streams of people it never saw: `python -m benchmarks.spotting_streams`

    held-out     micro-expressions added to simulated people: recall by size, false alarms a minute
    talking      people who talk without a micro-expression: does the alarm budget hold?
    matrix       the same movements at other frame rates, codecs, sizes: is it the same event?
    compression  the same through H.264 of every quality, judged or not: when is it too coarse?

Identities are the portraits that training holds out; seeds are this program's own.  The movements
of `held-out` are made twice: by the models of skin that the verifier learned, and by one that it
did not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.machine import machine
from benchmarks.markdown import publish, table
from benchmarks.spotters import Watched, ours
from benchmarks.spotting_score import SLACK_S
from calibration.person import share
from model.spotting.additions import Added, draw_additions, play
from model.spotting.camera import Camera
from model.spotting.person import Habits
from model.spotting.recording import Recording, only_assessable
from model.spotting.scene import simulate
from model.synthetic.portraits import Portrait, load_cache, split
from model.synthetic.skins import LEARNED, SKINS, Motion
from realtime.errors import FleetingError
from realtime.gates import GateConfig
from realtime.intervals import rate_interval
from realtime.spotter import SpotterConfig
from realtime.verifier import load_verifier

SECONDS = 30.0
EVENTS_PER_MIN = 10.0
SEED = 77_000
BANDS = ((0.005, 0.01), (0.01, 0.02), (0.02, 0.035))


@dataclass(frozen=True, slots=True)
class Outcome:
    seconds: float  # that could be judged
    added: tuple[Added, ...]
    judged: frozenset[int]  # of them, those that came while the face could be judged
    coarse: dict[int, float]  # the codec's steps at their apex, grey levels
    found: dict[int, tuple[float, float, float]]  # onset, apex, flag of the alarm on it
    false: int
    raised: int


def outcome(
    scene: Recording,
    added: Sequence[Added],
    camera: Camera,
    rng: np.random.Generator,
    given: argparse.Namespace,
    gates: GateConfig | None = None,
) -> Outcome:
    """Our spotter on one scene, filmed with movements that are known."""
    cv2.setNumThreads(1)
    fps = (len(scene.moments) - 1) / scene.seconds
    acted = Recording(scene.name, tuple(play(scene, added, (0.3, -0.2))))
    recording = camera.film(rng, acted)
    moments = tuple(only_assessable(recording.moments, fps))
    verifier = load_verifier(given.verifier) if given.verifier else None
    config = SpotterConfig(alarms_per_minute=given.alarms_per_minute, gates=gates or GateConfig())
    watched: Watched = ours(Recording(recording.name, moments), config, verifier)
    found: dict[int, tuple[float, float, float]] = {}
    false = 0
    for alarm in (a for a in watched.alarms if a.stands):
        hit = [
            k
            for k, a in enumerate(added)
            if a.onset_s - SLACK_S <= alarm.apex_s <= a.offset_s + SLACK_S and k not in found
        ]
        if hit:
            found[hit[0]] = (alarm.onset_s, alarm.apex_s, alarm.flagged_s)
        else:
            false += 1
    counted, coarse = set(), {}
    times_s = np.array(watched.times_s)
    for k, away_s in enumerate(np.abs(times_s - a.apex_s) for a in added):
        if away_s.min(initial=np.inf) < 1 / fps:
            coarse[k] = watched.coarse[away_s.argmin()]
            if watched.judged[away_s.argmin()]:
                counted.add(k)
    return Outcome(
        seconds=sum(watched.judged) / fps,
        added=tuple(added),
        judged=frozenset(counted),
        coarse=coarse,
        found=found,
        false=false,
        raised=len(watched.alarms),
    )


def streams(job: Callable[[int], Outcome], count: int, given: argparse.Namespace) -> list[Outcome]:
    with ProcessPoolExecutor(given.workers) as pool:
        done = pool.map(job, range(count))
        return list(track(done, given.what, total=count, console=Console(stderr=True)))


def regular(fps: float) -> NDArray[np.float64]:
    return np.arange(round(SECONDS * fps)) / fps


def held_out_stream(
    portraits: Sequence[Portrait],
    given: argparse.Namespace,
    motions: Sequence[Motion],
    number: int,
) -> Outcome:
    rng = np.random.default_rng([given.seed, 1, number])
    scene = simulate(portraits, [given.seed, 1, number], regular(30.0))
    camera = Camera.draw(rng)
    added = draw_additions(rng, scene, EVENTS_PER_MIN, motions=motions)
    return outcome(scene, added, camera, rng, given)


def talking_stream(
    portraits: Sequence[Portrait], given: argparse.Namespace, number: int
) -> Outcome:
    rng = np.random.default_rng([given.seed, 2, number])
    habits = Habits.draw_talker(rng)
    scene = simulate(portraits, [given.seed, 2, number], regular(30.0), habits)
    return outcome(scene, (), Camera.draw(rng), rng, given)


def found_share(outcomes: Sequence[Outcome], low: float, high: float) -> tuple[int, int]:
    sizes = [(k in o.found, o.added[k].peak_iod) for o in outcomes for k in o.judged]
    inside = [ok for ok, size in sizes if low <= size < high]
    return sum(inside), len(inside)


def share_text(hits: int, of: int) -> str:
    if not of:
        return "–"
    found = share(hits, of)
    return f"{found.value:.2f} ({found.low:.2f}–{found.high:.2f}; {of})"


def rate_text(count: int, minutes: float) -> str:
    low, high = rate_interval(count, minutes)
    return f"{count / minutes:.2f} ({low:.2f}–{high:.2f})"


def summary(name: str, outcomes: Sequence[Outcome]) -> str:
    minutes = sum(o.seconds for o in outcomes) / 60
    errors = [
        (abs(at[0] - o.added[k].onset_s), abs(at[1] - o.added[k].apex_s), at[2] - o.added[k].apex_s)
        for o in outcomes
        for k, at in o.found.items()
    ]
    rows = [
        ["minutes that could be judged", f"{minutes:.1f}"],
        ["false alarms a minute", rate_text(sum(o.false for o in outcomes), minutes)],
        ["flags raised a minute", rate_text(sum(o.raised for o in outcomes), minutes)],
    ]
    if errors:
        onset, apex, delay = np.array(errors).T
        rows += [
            [
                f"recall at {100 * low:g}–{100 * high:g} % IOD",
                share_text(*found_share(outcomes, low, high)),
            ]
            for low, high in BANDS
        ]
        rows += [
            [
                "onset, apex error, median ms",
                f"{1e3 * np.median(onset):.0f}, {1e3 * np.median(apex):.0f}",
            ],
            ["flag after the apex, 95 %, ms", f"{1e3 * np.percentile(delay, 95):.0f}"],
        ]
    return table([name, "95 % interval; count"], rows)


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


def report(given: argparse.Namespace) -> str:
    _, held_out = split(load_cache(given.portraits))
    if given.what == "matrix":
        text = matrix(held_out, given)
    elif given.what == "compression":
        text = compression(held_out, given)
    elif given.what == "talking":
        watched = streams(partial(talking_stream, held_out, given), given.count, given)
        text = summary("talking", watched)
    else:
        others = [motion for motion in SKINS if motion not in LEARNED]
        known, unknown = (
            streams(partial(held_out_stream, held_out, given, motions), given.count, given)
            for motions in (LEARNED, others)
        )
        text = summary("people held out; skins as learned", known)
        text += "\n" + summary("the same people; a skin not learned", unknown)
    return text + f"\nBudget {given.alarms_per_minute:g} false alarms a minute. {machine()}\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("held-out", "talking", "matrix", "compression"))
    parser.add_argument("--portraits", type=Path, required=True, help="portraits.npz of a run")
    parser.add_argument("--count", type=int, default=40, help="streams of half a minute")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--verifier", type=Path, help="file of model.spotting.train")
    parser.add_argument("--alarms-per-minute", type=float, default=0.2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    try:
        text = report(given)
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting_streams: {error}\n")
        return error.exit_code
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
