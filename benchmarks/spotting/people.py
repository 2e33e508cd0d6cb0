"""The spotter on films of people: `python -m benchmarks.spotting.people SET [--left-out DIR]`

SET is a folder of films with a truth.json: a list of {"file", "kind", "person", "events"}, each
event with onset_s, apex_s, offset_s, amp_iod and aus.  Every film is analysed once, as the live
path does; the candidates are judged at several target rates.  With --left-out each person is
judged by the verifier that has not learned from this person: DIR holds verifiers and a
persons.json that names the file of each person.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.__main__ import read_set
from benchmarks.spotting.score import SLACK_S
from model.spotting.face_footage import FaceRecording, read_recording
from realtime.errors import DataError, FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.candidates import SPEAKING_PX, MeasuredCandidate
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.features import NAMES
from realtime.spotting.rejection_rules import RejectionRules
from realtime.spotting.sensitivity import Sensitivity, SensitivityMeter
from realtime.spotting.spotter import Spotter, SpotterConfig
from realtime.spotting.verifier import SHIPPED, Verifier, load_verifier

TITLE = "The spotter on people"
ABOUT = (
    "Films of people, with movements added at known times or as they are. False alarms are "
    "everything flagged that was not added; a person's own brief movements count as such. "
    "Intervals are 95 %, from people drawn with replacement."
)
TARGETS = (0.2, 0.5, 1.0, 2.0, 5.0)
BANDS = ((0.0, 0.0125), (0.0125, 0.0175), (0.0175, 0.025), (0.025, 1.0))
UPPER = {1, 2, 4, 5, 7}
_BEFORE_S = 1.2  # of an event, over which its sensitivity is the mean
_HEAD_SPEED, _BLINK = 0.7, 0.25  # IOD a second; rise of the blink sign
_DRAWS = 2000
_RULES = RejectionRules()


@dataclass(frozen=True, slots=True)
class FilmMovement:
    onset_s: float
    apex_s: float
    offset_s: float
    peak_iod: float
    upper: bool
    sensitivity_iod: float  # just before, of its half of the face; NaN: not known
    cause: str  # why it could be missed
    found: dict[float, bool]  # by target

    def holds(self, apex_s: float) -> bool:
        return self.onset_s - SLACK_S <= apex_s <= self.offset_s + SLACK_S


@dataclass(frozen=True, slots=True)
class Film:
    name: str
    kind: str
    person: str
    minutes: float  # assessable
    movements: tuple[FilmMovement, ...]
    false: dict[float, int]  # by target


def watch(entry: dict[str, Any], tracker: LandmarkTracker, verifier: Verifier) -> Film:
    """One film at every target."""
    about = entry["file"], entry["kind"], entry.get("person", entry["file"])
    try:
        recording = read_recording(entry["path"], tracker, any_rate=False)
    except DataError:  # no assessable face
        nothing = {target: 0 for target in TARGETS}
        missed = tuple(_movement(e, (), (), {}) for e in entry["events"])
        return Film(*about, 0.0, missed, nothing)
    candidates, sensitivity, flags, seconds = _analyse(recording, verifier)
    movements = tuple(_movement(e, candidates, sensitivity, flags) for e in entry["events"])
    false = {
        target: sum(not any(m.holds(apex) for m in movements) for apex in apexes)
        for target, apexes in flags.items()
    }
    return Film(*about, seconds / 60, movements, false)


def _analyse(
    recording: FaceRecording, verifier: Verifier
) -> tuple[
    list[MeasuredCandidate], list[tuple[float, Sensitivity]], dict[float, list[float]], float
]:
    """(candidates, sensitivity by time at the first target, apexes that stand, seconds)."""
    pipeline, meter = FacePipeline(), SensitivityMeter(verifier.probes)
    spotters = {t: Spotter(SpotterConfig(alarms_per_minute=t), verifier) for t in TARGETS}
    standing: dict[float, dict[tuple[int, int], float]] = {t: {} for t in TARGETS}
    candidates: list[MeasuredCandidate] = []
    sensitivity: list[tuple[float, Sensitivity]] = []
    seconds, last_s, life = 0.0, math.nan, 0
    for frame in recording.frames:
        now_s = frame.t_ns / 1e9
        if frame.face is None or pipeline.is_interrupted(frame.t_ns, frame.face):
            pipeline.reset()
            meter.reset()
            for spotter in spotters.values():
                spotter.reset()
            last_s, life = math.nan, life + 1
        if frame.face is None:
            continue
        held = pipeline.align(frame.t_ns, frame.grey, frame.face)
        found = pipeline.find(held, frame.face)
        hidden = pipeline.is_occluded or pipeline.finder.coarse > _RULES.max_coarse
        if pipeline.finder.is_settled and not hidden and math.isfinite(last_s):
            seconds += now_s - last_s
        last_s = now_s
        candidates += found
        for target, spotter in spotters.items():
            newest = pipeline.finder.newest_index
            for finding in spotter.judge(found, newest, hidden=hidden):
                key = life, finding.number
                if finding.kind == "micro":
                    standing[target][key] = finding.apex_ns / 1e9
                else:
                    standing[target].pop(key, None)
        meter.ask(
            pipeline.finder, pipeline.period_s, spotters[TARGETS[0]].would_flag, hidden=hidden
        )
        sensitivity.append((now_s, meter.value))
    apexes = {target: sorted(of.values()) for target, of in standing.items()}
    return candidates, sensitivity, apexes, seconds


def _movement(
    event: dict[str, Any],
    candidates: Sequence[MeasuredCandidate],
    sensitivity: Sequence[tuple[float, Sensitivity]],
    flags: dict[float, list[float]],
) -> FilmMovement:
    upper = bool(UPPER.intersection(event.get("aus", ())))
    sizes = [
        math.log(s.upper_iod if upper else s.lower_iod)
        for t, s in sensitivity
        if event["onset_s"] - _BEFORE_S < t < event["onset_s"] and s.is_known
    ]
    known = math.exp(float(np.mean(sizes))) if sizes else math.nan
    of_event = FilmMovement(
        event["onset_s"],
        event["apex_s"],
        event["offset_s"],
        event["amp_iod"],
        upper,
        known,
        "",
        {},
    )
    near = [c for c in candidates if c.stage == "early" and of_event.holds(c.pulse.apex_ns / 1e9)]
    found = {t: any(map(of_event.holds, flags.get(t, ()))) for t in TARGETS}
    cause = _cause(near, event["amp_iod"], known)
    return FilmMovement(
        event["onset_s"],
        event["apex_s"],
        event["offset_s"],
        event["amp_iod"],
        upper,
        known,
        cause,
        found,
    )


def _cause(near: Sequence[MeasuredCandidate], peak_iod: float, known_iod: float) -> str:
    """The first of these that holds is why a movement could be missed."""
    if not near:
        return "no candidate: not assessable, or covered by other motion"
    best = max(near, key=lambda c: c.candidate.strength)
    feature = dict(zip(NAMES, best.features.tolist(), strict=True))
    if all(c.masked for c in near):
        return "lower face while speaking (masked)"
    if feature["blink rise"] > _BLINK:
        return "during a blink"
    if feature["head speed"] > _HEAD_SPEED:
        return "during a movement of the head"
    if feature["mouth px"] > SPEAKING_PX:
        return "during speech"
    if best.coarse > _RULES.max_coarse:
        return "video too compressed"
    if math.isfinite(known_iod) and peak_iod < known_iod:
        return "smaller than the sensitivity shown"
    return "none of these"


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


def rate(target: float) -> Callable[[Sequence[Film]], float]:
    def figure(films: Sequence[Film]) -> float:
        minutes = sum(film.minutes for film in films)
        return sum(film.false[target] for film in films) / minutes if minutes else math.nan

    return figure


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
                    interval(chosen, rate(target)),
                    interval(chosen, recall(target, lambda _: True)),
                    f"{count} in {minutes:.1f} min",
                ]
            )
    headings = ["films", "target a minute", "false alarms a minute", "recall", "movements"]
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
    entries: Iterable[dict[str, Any]], verifiers: dict[str, Path], otherwise: Path
) -> list[Film]:
    tracker = LandmarkTracker(face_model())
    return [
        watch(entry, tracker, load_verifier(verifiers.get(str(entry.get("person", "")), otherwise)))
        for entry in entries
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--verifier", type=Path, default=SHIPPED)
    parser.add_argument("--left-out", type=Path, metavar="DIR", help="verifiers by person")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        verifiers = left_out_verifiers(given.left_out) if given.left_out else {}
        entries = track(read_set(given.set, ()), "people", console=Console(stderr=True))
        films = films_of(entries, verifiers, given.verifier)
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.people: {error}\n")
        return error.exit_code
    by = "verifiers that have not learned from the person" if verifiers else "one verifier"
    publish(report(films, by), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
