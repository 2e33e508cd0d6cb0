"""Is the sensitivity true?  `python -m benchmarks.spotting.sensitivity RUN`

RUN is a run of `fleeting train-verifier`.  Movements of 0.8 to 6.5 % IOD are added to what was
measured of its people, real and simulated, and each person is judged by the verifier that has not
learned from this person, at the default target.  Every movement is compared with the size that was
shown just before it, of its own half of the face: of that size 8 of 10 should be found.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.people import left_out_verifiers
from benchmarks.spotting.people_films import TARGETS, analysed, size_shown
from model.progress import progress
from model.spotting.jobs import SIMULATED
from model.spotting.labelled_candidates import SLACK_S
from model.spotting.movement_patterns import PatternBank, load_bank
from model.spotting.series import FaceSeries, load_series
from model.spotting.signal_insertions import UPPER_FROM, add_movements
from realtime.errors import FleetingError
from realtime.spotting.sensitivity import SHARE
from realtime.spotting.verifier import Verifier, load_verifier

TITLE = "Whether the sensitivity is true"
_PER_MIN = (6.0, 20.0)  # movements
_EDGES = (0.0, 0.25, 0.5, 0.8, 1.25, 2.0, math.inf)
_SHOWN = (0.25, 0.5, 0.75)  # quantiles
_LEAST_S = 6.0  # a shorter series has little behind the first two seconds
_DRAWS = 2000
_KINDS = ("series", "simulated")


@dataclass(frozen=True, slots=True)
class AddedMovement:
    person: str
    upper: bool
    shown_iod: float
    peak_iod: float
    found: bool

    @property
    def ratio(self) -> float:
        return self.peak_iod / self.shown_iod


def compare(
    series: FaceSeries, verifier: Verifier, bank: PatternBank, seed: int
) -> Iterator[AddedMovement]:
    """Movements added to one series; those of one half of the face."""
    rng = np.random.default_rng([seed, zlib.crc32(series.name.encode())])
    moved, movements = add_movements(rng, series, bank, per_min=_PER_MIN)
    of_series = analysed(moved, verifier, TARGETS[:1])
    for movement in movements:
        if 1 - UPPER_FROM <= movement.upper <= UPPER_FROM:
            continue
        upper = movement.upper > UPPER_FROM
        shown = size_shown(of_series.sensitivity, movement.onset_s, upper=upper)
        if math.isfinite(shown):
            first, last = movement.onset_s - SLACK_S, movement.offset_s + SLACK_S
            found = any(first <= apex <= last for apex in of_series.flags[TARGETS[0]])
            yield AddedMovement(series.person, upper, shown, movement.peak_iod, found)


def found_interval(movements: Sequence[AddedMovement]) -> str:
    """Share found, with its interval over people."""
    if not movements:
        return "–"
    people = sorted({m.person for m in movements})
    counts = np.array(
        [
            [sum(m.found for m in movements if m.person == p) for p in people],
            [sum(m.person == p for m in movements) for p in people],
        ]
    )
    share = counts[0].sum() / counts[1].sum()
    if len(people) == 1:
        return f"{share:.2f}"
    drawn = np.random.default_rng(0).integers(len(people), size=(_DRAWS, len(people)))
    found, all_of = counts[:, drawn].sum(axis=2)
    low, high = np.percentile(found / all_of, [2.5, 97.5])
    return f"{share:.2f} ({low:.2f}–{high:.2f})"


def report(movements: Sequence[AddedMovement]) -> str:
    groups = [
        (name, [m for m in movements if m.person.startswith(SIMULATED) == simulated])
        for name, simulated in (("people", False), ("simulated people", True))
    ]
    rows = []
    for low, high in itertools.pairwise(_EDGES):
        cells = []
        for _, of_group in groups:
            inside = [m for m in of_group if low <= m.ratio < high]
            cells += [str(len(inside)), found_interval(inside)]
        rows.append([f"{low:g} to {high:g}" if math.isfinite(high) else f"over {low:g}", *cells])
    head = ["size of the movement / size shown"]
    head += [f"{name}{what}" for name, _ in groups for what in (": movements", ": found")]
    shown = [
        [name, half, *_quantiles([m.shown_iod for m in of_group if m.upper is upper])]
        for name, of_group in groups
        for half, upper in (("upper", True), ("lower", False))
    ]
    sizes = ["who", "half of the face", *(f"size shown, {100 * q:g} %" for q in _SHOWN)]
    about = __doc__.split("\n\n", 1)[1].strip() if __doc__ else ""
    people = len({m.person for m in movements if not m.person.startswith(SIMULATED)})
    foot = f"{people} people. Sizes in per cent of the IOD; {SHARE:.0%} is what is shown.\n"
    return page(TITLE, about, table(head, rows), table(sizes, shown), foot)


def _quantiles(sizes: Sequence[float]) -> list[str]:
    if not sizes:
        return ["–"] * len(_SHOWN)
    return [f"{100 * size:.1f}" for size in np.quantile(sizes, _SHOWN)]


def by_person(series: Iterable[FaceSeries]) -> dict[str, list[FaceSeries]]:
    people: dict[str, list[FaceSeries]] = {}
    for part in series:
        if part.seconds >= _LEAST_S:
            people.setdefault(part.person, []).append(part)
    return people


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="of fleeting train-verifier")
    parser.add_argument("--minutes", type=float, default=3.0, help="of each person")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    movements: list[AddedMovement] = []
    try:
        verifiers = left_out_verifiers(given.run / "left_out")
        bank = load_bank(given.run / "patterns.npz")
        paths = [p for kind in _KINDS for p in sorted((given.run / kind).glob("*.npz"))]
        people = by_person(part for path in paths for part in load_series(path))
        for person, parts in progress(people.items(), "people", len(people)):
            verifier, left_s = load_verifier(verifiers[person]), 60 * given.minutes
            for number, part in enumerate(itertools.cycle(parts)):
                movements += compare(part, verifier, bank, number)
                left_s -= part.seconds
                if left_s <= 0:
                    break
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.sensitivity: {error}\n")
        return error.exit_code
    if not movements:
        sys.stderr.write(f"benchmarks.spotting.sensitivity: no series in {given.run}\n")
        return 1
    publish(report(movements), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
