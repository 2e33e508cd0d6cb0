"""Films at fewer frames a second: `python -m benchmarks.spotting.frame_rates RUN/simulated`

Movements are added to series of displacements that `fleeting train-verifier` measured, of films of
at least 29 frames a second; of their frames those are kept that a slower camera would have taken,
at their own times.  Per rate: which of the movements are found, how many of those that are found
at the film's own rate, false alarms, and the size that the sensitivity meter shows: it tells what
the missing frames hide.  The verifier may have learned from these people: compare rates alone.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.score import SLACK_S
from model.spotting.movement_patterns import of_probes
from model.spotting.series import FaceSeries, load_series
from model.spotting.signal_insertions import SignalMovement, add_movements
from realtime.errors import FleetingError
from realtime.spotting.candidates import CandidateFinder
from realtime.spotting.onset_config import OnsetConfig
from realtime.spotting.sensitivity import Sensitivity, SensitivityMeter
from realtime.spotting.spotter import Spotter, SpotterConfig
from realtime.spotting.verifier import SHIPPED, Verifier, load_verifier

TITLE = "The same films at fewer frames a second"
LEAST_FPS = 29.0
PEAK_IOD = (0.01, 0.04)
PER_MIN = (12.0, 12.1)
RATES = (30.0, 24.0, 24000 / 1001, 20.0, 15.0)


Movements = Sequence[SignalMovement]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the spotter made of one film at one rate."""

    found: frozenset[int]  # movements
    false: int
    minutes: float
    shown_iod: tuple[float, ...]  # the better half's sensitivity, a frame


def thinned(series: FaceSeries, fps: float) -> FaceSeries:
    """The frames that a camera of this rate would have taken; all if it has no more."""
    if series.fps <= 1.02 * fps:
        return series
    wanted = np.arange(series.t_s[0], series.t_s[-1], 1 / fps)
    kept = np.unique(np.searchsorted(series.t_s, wanted - 1e-6))
    return replace(series, t_s=series.t_s[kept], rows=series.rows[kept])


def watch(series: FaceSeries, movements: Movements, verifier: Verifier, target: float) -> Seen:
    """One film at one rate."""
    apexes, sensitivity = _spot(series, verifier, target)
    found, false = set[int](), 0
    for apex in apexes:
        held = [k for k, m in enumerate(movements) if _holds(m, apex)]
        found.update(held[:1])
        false += not held
    judged_s = max(series.seconds - OnsetConfig().learn_s, 0.0)
    shown = tuple(s.best_iod for s in sensitivity if s.is_known)
    return Seen(frozenset(found), false, judged_s / 60, shown)


def _holds(movement: SignalMovement, apex_s: float) -> bool:
    return movement.onset_s - SLACK_S <= apex_s <= movement.offset_s + SLACK_S


def _spot(
    series: FaceSeries, verifier: Verifier, target: float
) -> tuple[list[float], list[Sensitivity]]:
    """(apexes that stand, sensitivity a frame)."""
    finder, meter = CandidateFinder(), SensitivityMeter(verifier.probes)
    spotter = Spotter(SpotterConfig(alarms_per_minute=target), verifier)
    standing: dict[int, float] = {}
    sensitivity = []
    for t_s, row in zip(series.t_s.tolist(), series.rows.astype(np.float64), strict=True):
        candidates = finder.find(round(t_s * 1e9), row, spotter.wants_late)
        for finding in spotter.judge(candidates, finder.newest_index):
            if finding.kind == "micro":
                standing[finding.number] = finding.apex_ns / 1e9
            else:
                standing.pop(finding.number, None)
        meter.ask(finder, 1 / series.fps, spotter.would_stand)
        sensitivity.append(meter.value)
    return sorted(standing.values()), sensitivity


def acted(series: Sequence[FaceSeries], verifier: Verifier) -> list[tuple[FaceSeries, Movements]]:
    """Every series of enough frames with movements in it, made of the meter's own patterns."""
    bank, films = of_probes(verifier.probes), []
    for number, part in enumerate(p for p in series if p.fps > LEAST_FPS):
        rng = np.random.default_rng([0, number])
        films.append(add_movements(rng, part, bank, peak_iod=PEAK_IOD, per_min=PER_MIN))
    return films


def report(by_rate: dict[float, list[Seen]], events: int) -> str:
    rows = []
    own = next(iter(by_rate.values()))
    for fps, clips in by_rate.items():
        found = sum(len(c.found) for c in clips)
        same = sum(len(c.found & o.found) for c, o in zip(clips, own, strict=True))
        at_own = sum(len(o.found) for o in own)
        minutes = sum(c.minutes for c in clips)
        sizes = [s for c in clips for s in c.shown_iod]
        shown = 100 * math.exp(float(np.mean(np.log(sizes)))) if sizes else math.nan
        rows.append(
            [
                f"{fps:.4g}",
                f"{found / max(events, 1):.2f}",
                f"{same} of {at_own}",
                f"{sum(c.false for c in clips) / max(minutes, 1e-9):.2f}",
                f"{shown:.2f}",
            ]
        )
    head = [
        "frames a second",
        "recall",
        "of those found at the film's own rate",
        "false alarms a minute",
        "sensitivity shown, % IOD (geometric mean)",
    ]
    about = __doc__.split("\n\n", 1)[1].strip() if __doc__ else ""
    return page(TITLE, about, table(head, rows), f"{events} movements. {machine()}\n")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("series", type=Path, help="folder of series")
    parser.add_argument("--verifier", type=Path, default=SHIPPED)
    parser.add_argument("--alarms-per-minute", type=float, default=0.2)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    try:
        verifier = load_verifier(given.verifier)
        parts = [p for path in sorted(given.series.glob("*.npz")) for p in load_series(path)]
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.frame_rates: {error}\n")
        return error.exit_code
    films = acted(parts, verifier)
    if not films:
        sys.stderr.write(f"benchmarks.spotting.frame_rates: no fast series in {given.series}\n")
        return 1
    by_rate = {
        fps: [watch(thinned(s, fps), m, verifier, given.alarms_per_minute) for s, m in films]
        for fps in RATES
    }
    publish(report(by_rate, sum(len(m) for _, m in films)), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
