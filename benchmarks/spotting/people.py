"""The spotter on films of people: `python -m benchmarks.spotting.people SET [--left-out DIR]`

SET is a folder of films with a truth.json: a list of {"file", "kind", "person", "events"}, each
event with onset_s, apex_s, offset_s, amp_iod and aus.  Every film is measured once, as the live
path does; the numbers are analysed, and judged at several target rates.  With --series DIR they
are kept there, so that another verifier costs a minute.  With --left-out each person is judged by
the verifier that has not learned from this person: DIR holds verifiers and a persons.json that
names the file of each person.

Prints the measured against the target rate, recall by size and by kind of film, whether the
sensitivity was true, and the missed movements by cause.  Intervals are 95 %, from people drawn
with replacement.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.__main__ import read_set
from benchmarks.spotting.people_films import TARGETS, Film, FilmMovement, measured, watch
from benchmarks.spotting.people_pictures import draw
from realtime.errors import DataError, FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.verifier import SHIPPED, load_verifier

TITLE = "The spotter on people"
ABOUT = (
    "Films of people, with movements added at known times or as they are. False alarms are "
    "everything flagged that was not added; a person's own brief movements count as such. "
    "Where a short clip is played backwards from, or forward again, a movement under way returns "
    "at once; the second stage tells most of these. The rate is also given without those moments. "
    "Intervals are 95 %, from people drawn with replacement."
)
BANDS = ((0.0, 0.0125), (0.0125, 0.0175), (0.0175, 0.025), (0.025, 1.0))
_DRAWS = 2000
_NONE_SEEN = 3.69  # of a Poisson mean so large, nothing is seen once in forty times


def interval(films: Sequence[Film], figure: Callable[[Sequence[Film]], float]) -> str:
    """A figure with its interval over people; the figure is a number, or not one."""
    value = figure(films)
    if not math.isfinite(value):
        return "–"
    people = sorted({film.person for film in films})
    by_person = [[f for f in films if f.person == person] for person in people]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(_DRAWS if len(people) > 1 else 0):
        chosen = rng.integers(len(people), size=len(people))
        drawn.append(figure([film for k in chosen for film in by_person[k]]))
    kept = [x for x in drawn if math.isfinite(x)]
    if not kept:
        return f"{value:.2f}"
    low, high = np.percentile(kept, [2.5, 97.5])
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def recall(
    target: float, keep: Callable[[FilmMovement], bool]
) -> Callable[[Sequence[Film]], float]:
    def figure(films: Sequence[Film]) -> float:
        found = [m.found[target] for film in films for m in film.movements if keep(m)]
        return sum(found) / len(found) if found else math.nan

    return figure


def rate(target: float, *, at_turns: bool = True) -> Callable[[Sequence[Film]], float]:
    """False alarms a minute, with or without those where a film turns round in time."""

    def alarms(film: Film) -> int:
        return film.false[target] - (0 if at_turns else film.at_turns[target])

    def figure(films: Sequence[Film]) -> float:
        minutes = sum(film.minutes for film in films)
        return sum(map(alarms, films)) / minutes if minutes else math.nan

    return figure


def rate_interval(films: Sequence[Film], target: float, *, at_turns: bool = True) -> str:
    """Where none was seen, no drawing of people shows any: then the exact Poisson limit."""
    figure = rate(target, at_turns=at_turns)
    minutes = sum(film.minutes for film in films)
    if minutes and figure(films) == 0.0:
        return f"0.00 (0.00–{_NONE_SEEN / minutes:.2f})"
    return interval(films, figure)


def report(films: Sequence[Film], verifier: str) -> str:
    kinds = sorted({film.kind for film in films})
    groups: list[tuple[str, list[Film]]] = [("all", list(films))]
    if len(kinds) > 1:
        groups += [(kind, [f for f in films if f.kind == kind]) for kind in kinds]
    rows = []
    for name, chosen in groups:
        count = sum(len(f.movements) for f in chosen)
        minutes = sum(f.minutes for f in chosen)
        for target in TARGETS:
            rows.append(
                [
                    name,
                    f"{target:g}",
                    rate_interval(chosen, target),
                    rate_interval(chosen, target, at_turns=False),
                    interval(chosen, recall(target, lambda _: True)),
                    f"{count} in {minutes:.1f} min",
                ]
            )
    headings = ["films", "target a minute", "false alarms a minute", "without those at turns"]
    headings += ["recall", "movements"]
    parts = [table(headings, rows)]
    parts.append(_by_size(films))
    parts.append(_sensitivity(films))
    parts.append(_causes(films))
    parts.append(f"Judged by {verifier}. {machine()}\n")
    return page(TITLE, ABOUT, *parts)


def _by_size(films: Sequence[Film]) -> str:
    rows = []
    for low, high in BANDS:

        def inside(m: FilmMovement, low: float = low, high: float = high) -> bool:
            return low <= m.peak_iod < high

        count = sum(inside(m) for f in films for m in f.movements)
        name = f"{100 * low:g} to {100 * high:g}" if high < 1 else f"over {100 * low:g}"
        cells = [interval(films, recall(t, inside)) for t in (TARGETS[0], TARGETS[2])]
        rows.append([name, str(count), *cells])
    return table(
        ["peak % IOD", "movements", f"recall at {TARGETS[0]:g}", f"recall at {TARGETS[2]:g}"], rows
    )


def _sensitivity(films: Sequence[Film]) -> str:
    """Of movements of each size against the size shown just before: the share found."""
    edges = (0.0, 0.25, 0.5, 1.0, 1.5, math.inf)
    known = [m for f in films for m in f.movements if math.isfinite(m.sensitivity_iod)]
    rows = []
    for low, high in itertools.pairwise(edges):
        inside = [m for m in known if low <= m.peak_iod / m.sensitivity_iod < high]
        found = [m.found[TARGETS[0]] for m in inside]
        name = f"{low:g} to {high:g}" if math.isfinite(high) else f"over {low:g}"
        rows.append([name, str(len(inside)), f"{np.mean(found):.2f}" if found else "–"])
    return table(["size of the movement / size shown", "movements", "found"], rows)


def _causes(films: Sequence[Film]) -> str:
    missed = [m for f in films for m in f.movements if not m.found[TARGETS[0]]]
    counted = Counter(m.cause for m in missed)
    rows = [[cause, str(count)] for cause, count in counted.most_common()]
    return table([f"missed at {TARGETS[0]:g} a minute", "movements"], rows)


def left_out_verifiers(folder: Path) -> dict[str, Path]:
    """The verifier file of each person.

    Raises:
        DataError: there is no readable persons.json.
    """
    try:
        names = json.loads((folder / "persons.json").read_text("utf-8"))
        return {str(person): folder / name for person, name in names.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{folder}/persons.json cannot be read: {error}") from error


def films_of(
    entries: Iterable[dict[str, Any]],
    verifiers: dict[str, Path],
    otherwise: Path,
    kept: Path | None = None,
) -> list[Film]:
    tracker = LandmarkTracker(face_model())
    films = []
    for entry in entries:
        verifier = load_verifier(verifiers.get(str(entry.get("person", "")), otherwise))
        films.append(watch(entry, measured(entry, tracker, kept), verifier))
    return films


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--verifier", type=Path, default=SHIPPED)
    parser.add_argument("--left-out", type=Path, metavar="DIR", help="verifiers by person")
    parser.add_argument("--series", type=Path, metavar="DIR", help="measured films are kept here")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="one picture of each film")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        verifiers = left_out_verifiers(given.left_out) if given.left_out else {}
        entries = track(read_set(given.set, ()), "people", console=Console(stderr=True))
        films = films_of(entries, verifiers, given.verifier, given.series)
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.people: {error}\n")
        return error.exit_code
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
        for film in films:
            draw(film, given.pictures / f"{Path(film.name).stem}.png")
    by = "verifiers that have not learned from the person" if verifiers else "one verifier"
    publish(report(films, by), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
