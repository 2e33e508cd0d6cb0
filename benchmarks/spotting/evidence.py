"""Known movements in real films: `python -m benchmarks.spotting.evidence RUN`

RUN is a run of `fleeting train-verifier`: its series of people and of simulated people.  Movements
of known pattern and course, of 1.2 % of the IOD as patches report them, go through each filter in
time and through the filter over the regions, whitened by the covariance of this face's pulses.  z
is the movement's response over the 98 % quantile of what the face does by itself; "above all" is
the share of movements that exceed everything it does.  A covariance of the same stretch is what
could be known afterwards; one of what the person did before is what a spotter can know.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._common.markdown import page, publish, table
from model.spotting.series import FaceSeries, load_series
from model.spotting.signal_insertions import FALL_S, LONGEST_S, RISE_S, movement_course
from realtime.errors import FleetingError
from realtime.face.geometry import CROP_IOD
from realtime.motion.regions import REGIONS
from realtime.spotting.au_filters import HALF_OF, pattern_table, shrunk
from realtime.spotting.channels import CHANNELS, FIRST
from realtime.spotting.temporal_filters import EARLY, LATE, TemporalFilter
from realtime.spotting.timeline import GRID_HZ, Timeline

Array = NDArray[np.float64]

TITLE = "How far known movements stand out of real films"
FILTERS = {
    "second difference over 0.10 s": TemporalFilter(6, 0, 0, 6, 0),
    "second difference over 0.14 s": TemporalFilter(8, 0, 0, 8, 0),
    "means, known 0.13 s after the apex": EARLY,
    "means, known 0.25 s after the apex": LATE,
}
_EACH = 24  # movements of every person
_PEAK_IOD = 0.012  # of a patch
_WILD = 3.0  # rms sigma from which a pulse weighs less in the covariance
_SMALL_PX = 0.03
_LEAST_S = 3.0  # on either side of the middle of what is known of a person
_SIMULATED = 24  # of the simulated people
_HALVES = ("upper face", "lower face")


@dataclass(frozen=True, slots=True)
class PersonCourses:
    """What the regions of one person did, (n, 62) each, first and afterwards."""

    simulated: bool
    before: tuple[Array, ...]
    after: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    simulated: bool
    half: int  # of `_HALVES`
    z: float
    above_all: bool


def on_the_grid(series: FaceSeries) -> Array:
    """(n, 62) displacement, 60 samples a second."""
    line = Timeline(CHANNELS, keep_s=series.seconds + 1.0)
    for t_s, row in zip(series.t_s.tolist(), series.rows.astype(np.float64), strict=True):
        line.resample(round(t_s * 1e9), row)
    return line.span(0, line.count - 1)[:, :FIRST].copy()


def course_on_the_grid(rise_s: float, fall_s: float) -> Array:
    """(n,) of a movement, as the grid's mean over 50 ms shows it."""
    t_s = np.arange(-36, 37) / GRID_HZ
    shifts = np.linspace(-0.025, 0.025, 7)
    return np.mean([movement_course(t_s + s, 0.0, rise_s, fall_s) for s in shifts], axis=0)


def watched(people: Sequence[FaceSeries], simulated: Sequence[FaceSeries]) -> list[PersonCourses]:
    """Each person's series in two halves; no moment is in both.

    Of footage that several cameras filmed the first one's counts, up to where it turns back.
    """
    of_person: dict[str, list[Array]] = {}
    for part in people:
        if part.name.endswith(".0"):
            until = part.turns_s[0] if part.turns_s else part.t_s[-1]
            once = part.t_s <= until
            forth = replace(part, t_s=part.t_s[once], rows=part.rows[once])
            of_person.setdefault(part.person, []).append(on_the_grid(forth))
    halves = [_halves(parts, simulated=False) for parts in of_person.values()]
    halves += [_halves([on_the_grid(part)], simulated=True) for part in simulated]
    return [w for w in halves if w is not None]


def _halves(parts: list[Array], *, simulated: bool) -> PersonCourses | None:
    if len(parts) == 1:
        middle = len(parts[0]) // 2
        parts = [parts[0][:middle], parts[0][middle:]]
    middle = len(parts) // 2
    before, after = tuple(parts[:middle]), tuple(parts[middle:])
    if min(sum(map(len, before)), sum(map(len, after))) < _LEAST_S * GRID_HZ:
        return None
    return PersonCourses(simulated, before, after)


def evidence(
    rng: np.random.Generator, people: Sequence[PersonCourses], *, before: bool
) -> dict[str, list[Evidence]]:
    """By filter, of the same movements.

    Args:
        before: the covariance is of what was done before, not of the stretch that is judged.
    """
    found: dict[str, list[Evidence]] = {name: [] for name in FILTERS}
    for person in people:
        movements = [_movement(rng) for _ in range(_EACH)]
        for name, temporal in FILTERS.items():
            own = _pulses(temporal, person.after)
            learned = _pulses(temporal, person.before) if before else own
            inverse = np.linalg.inv(shrunk(_covariance(learned), _SMALL_PX))
            for k, course in movements:
                pattern = _scaled(k)
                along = inverse @ pattern
                peak = np.correlate(course, temporal.weights, "valid").max()
                answer, other = peak * float(along @ pattern), np.abs(own @ along)
                z = answer / float(np.quantile(other, 0.98))
                above = bool(answer > other.max())
                found[name].append(Evidence(person.simulated, int(HALF_OF[k]), z, above))
    return found


def _movement(rng: np.random.Generator) -> tuple[int, Array]:
    """(pattern's number, course on the grid)."""
    rise = float(rng.uniform(*RISE_S))
    fall = max(min(float(rng.uniform(*FALL_S)), LONGEST_S - rise), RISE_S[0])
    return int(rng.integers(len(HALF_OF))), course_on_the_grid(rise, fall)


def _scaled(k: int) -> Array:
    pattern = pattern_table()[k]
    largest = np.hypot(*pattern.reshape(len(REGIONS), 2).T).max()
    return np.asarray(pattern * (_PEAK_IOD * CROP_IOD / largest), np.float64)


def _pulses(temporal: TemporalFilter, parts: Sequence[Array]) -> Array:
    return np.concatenate([temporal.pulses(part) for part in parts])


def _covariance(pulses: Array) -> Array:
    sigma = 1.4826 * np.median(np.abs(pulses), axis=0) + 0.02
    energy = ((pulses / sigma) ** 2).mean(axis=1)
    weight = np.minimum(1.0, _WILD**2 / np.maximum(energy, 1e-9))
    return np.asarray((pulses * weight[:, None]).T @ pulses / weight.sum(), np.float64)


def report(people: Sequence[PersonCourses]) -> str:
    rows = []
    for before in (False, True):
        found = evidence(np.random.default_rng(0), people, before=before)
        for name, each in found.items():
            cells = []
            for simulated in (False, True):
                for half in range(len(_HALVES)):
                    of_half = [e for e in each if (e.simulated, e.half) == (simulated, half)]
                    cells.append(_figures(of_half))
            rows.append([name, "before" if before else "of the stretch itself", *cells])
    about = __doc__.split("\n\n", 1)[1].strip() if __doc__ else ""
    who = [f"{kind}, {half}" for kind in ("people", "simulated") for half in _HALVES]
    head = ["filter in time", "covariance", *(f"{name}: z, above all" for name in who)]
    real = sum(not w.simulated for w in people)
    count = f"{real} people, {len(people) - real} simulated ones, {_EACH} movements each.\n"
    return page(TITLE, about, table(head, rows), count)


def _figures(each: Sequence[Evidence]) -> str:
    if not each:
        return "–"
    z = np.exp(np.mean([np.log(max(e.z, 1e-3)) for e in each]))
    return f"{z:.2f}, {np.mean([e.above_all for e in each]):.2f}"


def _series_in(folder: Path) -> list[FaceSeries]:
    return [part for path in sorted(folder.glob("*.npz")) for part in load_series(path)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="of fleeting train-verifier")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    try:
        films, drawn = (_series_in(given.run / name) for name in ("series", "simulated"))
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.evidence: {error}\n")
        return error.exit_code
    people = watched(films, drawn[:_SIMULATED])
    if not people:
        sys.stderr.write(f"benchmarks.spotting.evidence: no series in {given.run}\n")
        return 1
    publish(report(people), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
