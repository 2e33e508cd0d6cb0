"""One film of a person through the spotter at several targets: measured once, judged as numbers.

Called by `benchmarks.spotting.people`.  Whether a hand covers the face is not in the numbers: such
moments are judged here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.spotting.score import SLACK_S
from benchmarks.spotting.turning_points import NEAR_S, turning_points
from model.spotting.face_footage import read_recording
from model.spotting.series import FaceSeries, load_series, record_series, save_series
from realtime.errors import DataError
from realtime.face.landmarker import LandmarkTracker
from realtime.spotting.candidates import SPEAKING_PX, CandidateFinder, MeasuredCandidate
from realtime.spotting.features import NAMES
from realtime.spotting.rejection_rules import RejectionRules
from realtime.spotting.sensitivity import Sensitivity, SensitivityMeter
from realtime.spotting.spotter import Spotter, SpotterConfig
from realtime.spotting.verifier import Verifier

TARGETS = (0.2, 0.5, 1.0, 2.0, 5.0)
UPPER = {1, 2, 4, 5, 7}
_BEFORE_S = 1.2  # of an event, over which its sensitivity is the mean
_HEAD_SPEED, _BLINK = 0.7, 0.25  # IOD a second; rise of the blink sign
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
    at_turns: dict[float, int]  # of these, where the film turns round in time
    turns_s: tuple[float, ...] = ()
    flags: dict[float, list[float]] = field(default_factory=dict)  # by target, all that stand
    sensitivity: tuple[tuple[float, Sensitivity], ...] = ()


def measured(
    entry: dict[str, Any], tracker: LandmarkTracker, kept: Path | None
) -> list[FaceSeries]:
    """The stretches of one film in which its face can be judged, measured or as they were kept."""
    path = kept / f"{Path(entry['file']).stem}.npz" if kept else None
    if path and path.exists():
        return load_series(path)
    try:
        recording = read_recording(entry["path"], tracker, any_rate=False)
        parts = list(record_series(recording, entry.get("person", entry["file"])))
    except DataError:  # no assessable face
        parts = []
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_series(path, parts)
    return parts


def watch(entry: dict[str, Any], parts: Sequence[FaceSeries], verifier: Verifier) -> Film:
    """One film at every target."""
    about = entry["file"], entry["kind"], entry.get("person", entry["file"])
    candidates: list[MeasuredCandidate] = []
    sensitivity: list[tuple[float, Sensitivity]] = []
    flags: dict[float, list[float]] = {target: [] for target in TARGETS}
    seconds, turns_s = 0.0, [t for part in parts for t in turning_points(part)]
    for part in parts:
        of_part = analysed(part, verifier)
        candidates += of_part.candidates
        sensitivity += of_part.sensitivity
        seconds += of_part.seconds
        for target, apexes in of_part.flags.items():
            flags[target] += apexes
    movements = tuple(_movement(e, candidates, sensitivity, flags) for e in entry["events"])
    false = {
        target: [apex for apex in apexes if not any(m.holds(apex) for m in movements)]
        for target, apexes in flags.items()
    }
    at_turns = {
        target: sum(any(abs(apex - t) < NEAR_S for t in turns_s) for apex in apexes)
        for target, apexes in false.items()
    }
    counted = {target: len(apexes) for target, apexes in false.items()}
    shown = tuple(turns_s), flags, tuple(sensitivity)
    return Film(*about, seconds / 60, movements, counted, at_turns, *shown)


@dataclass(frozen=True, slots=True)
class AnalysedSeries:
    candidates: list[MeasuredCandidate]
    sensitivity: list[tuple[float, Sensitivity]]  # by time, at the first target
    flags: dict[float, list[float]]  # by target, apexes that stand
    seconds: float  # assessable


def analysed(
    series: FaceSeries, verifier: Verifier, targets: Sequence[float] = TARGETS
) -> AnalysedSeries:
    """One stretch at several targets; the sensitivity, and what is assessable, are the first's."""
    finder, meter = CandidateFinder(), SensitivityMeter(verifier.probes)
    spotters = {t: Spotter(SpotterConfig(alarms_per_minute=t), verifier) for t in targets}
    standing: dict[float, dict[int, float]] = {t: {} for t in targets}
    candidates: list[MeasuredCandidate] = []
    sensitivity: list[tuple[float, Sensitivity]] = []
    seconds, last_s = 0.0, float(series.t_s[0])
    for now_s, row in zip(series.t_s.tolist(), series.rows.astype(np.float64), strict=True):
        found = finder.find(round(now_s * 1e9), row)
        hidden = finder.coarse > _RULES.max_coarse
        judged = not (hidden or meter.value.is_insufficient)
        if finder.is_settled and judged:
            seconds += now_s - last_s
        last_s = now_s
        candidates += found
        for target, spotter in spotters.items():
            for finding in spotter.judge(found, finder.newest_index, hidden=not judged):
                if finding.kind == "micro":
                    standing[target][finding.number] = finding.apex_ns / 1e9
                else:
                    standing[target].pop(finding.number, None)
        meter.ask(finder, 1 / series.fps, spotters[targets[0]].would_stand, hidden=hidden)
        sensitivity.append((now_s, meter.value))
    flags = {target: sorted(of.values()) for target, of in standing.items()}
    return AnalysedSeries(candidates, sensitivity, flags, seconds)


def size_shown(
    sensitivity: Sequence[tuple[float, Sensitivity]], onset_s: float, *, upper: bool
) -> float:
    """Of one half of the face, just before a movement: its mean, share of the IOD; or NaN."""
    sizes = [
        math.log(s.upper_iod if upper else s.lower_iod)
        for t, s in sensitivity
        if onset_s - _BEFORE_S < t < onset_s and s.is_known
    ]
    return math.exp(float(np.mean(sizes))) if sizes else math.nan


def _movement(
    event: dict[str, Any],
    candidates: Sequence[MeasuredCandidate],
    sensitivity: Sequence[tuple[float, Sensitivity]],
    flags: dict[float, list[float]],
) -> FilmMovement:
    upper = bool(UPPER.intersection(event.get("aus", ())))
    known = size_shown(sensitivity, event["onset_s"], upper=upper)
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
    return replace(of_event, cause=_cause(near, event["amp_iod"], known), found=found)


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
