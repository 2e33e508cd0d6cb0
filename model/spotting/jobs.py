"""What the verifier learns from: series of real and simulated people, with movements added.

Every job is a function of (seed, number) and of the series it is drawn from, so a run can be cut
and go on.  A job belongs to a group, a person or a part of the portraits; groups are what
cross-validation holds out, so that no score ever comes from a face that was learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.spotting.face_footage import film_scene
from model.spotting.labelled_candidates import LabelledCandidate, labelled_in_series
from model.spotting.movement_patterns import PatternBank
from model.spotting.scene import simulate
from model.spotting.series import FaceSeries, record_series, vary
from model.spotting.signal_insertions import SignalMovement, add_movements
from model.spotting.simulated_person import Behaviour
from model.synthetic.portraits import Portrait
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.atomic_file import whole_file
from realtime.spotting.candidates import Stage

SIMULATED_S = 30.0
SIMULATED = "portraits "  # how the groups of simulated people begin
GROUPS = 5  # of portraits
_RATES = (15.0, 20.0, 24.0, 25.0, 25.0, 30.0, 30.0, 30.0, 30.0, 60.0)
_TALKERS = 3  # one in so many talks nearly all the time
_NEAR_A_TURN_S = 0.33
_STAGES: tuple[Stage, ...] = ("early", "late")


@dataclass(frozen=True, slots=True)
class Job:
    series: FaceSeries
    number: int
    moved: bool  # whether movements are added; without them it tells the rate of false alarms


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """One job's outcome."""

    group: str
    simulated: bool
    talking: bool
    seconds: float  # that were watched
    events: int
    rows: tuple[LabelledCandidate, ...]


def simulated_series(portraits: Sequence[Portrait], seed: int, number: int) -> list[FaceSeries]:
    """Half a minute of one simulated person, drawn, filmed and measured; one in three talks."""
    rng = np.random.default_rng([seed, number])
    fps = float(rng.choice(_RATES))
    times_s = np.arange(round(SIMULATED_S * fps)) / fps
    behaviour = Behaviour.draw_talker(rng) if number % _TALKERS == 0 else None
    scene = simulate(portraits, [seed, number], times_s, behaviour)
    filmed = film_scene(rng, SimulatedCamera.draw(rng), scene)
    return list(record_series(filmed, f"{SIMULATED}{number % GROUPS}"))


def plan(series: Sequence[FaceSeries], *, minutes: float, simulated_passes: int) -> list[Job]:
    """Movements added to `minutes` of each person, and to each simulated one some passes.

    A quarter as much is watched as it is.
    """
    by_person: dict[str, list[FaceSeries]] = {}
    for one in series:
        by_person.setdefault(one.person, []).append(one)
    jobs: list[Job] = []
    for person, parts in sorted(by_person.items()):
        passes = simulated_passes
        if not person.startswith(SIMULATED):
            passes = round(np.ceil(minutes * 60 / sum(part.seconds for part in parts)))
        still = -(-passes // 4)
        for part in parts:
            jobs += [Job(part, number, moved=True) for number in range(passes)]
            jobs += [Job(part, number, moved=False) for number in range(still)]
    return jobs


def run(job: Job, bank: PatternBank, seed: int) -> SimulationResult:
    person, name = job.series.person, job.series.name
    rng = np.random.default_rng([seed, *person.encode(), *name.encode(), job.number, job.moved])
    series = vary(rng, job.series, quieter=job.moved)
    movements: tuple[SignalMovement, ...] = ()
    if job.moved:
        series, movements = add_movements(rng, series, bank)
    rows = labelled_in_series(series, movements)
    # a movement under way where a film is turned round looks like one that comes and goes
    kept = tuple(
        row
        for row in rows
        if row.event >= 0 or all(abs(row.apex_s - t) > _NEAR_A_TURN_S for t in series.turns_s)
    )
    about = person.startswith(SIMULATED), False, series.seconds, len(movements)
    return SimulationResult(person, *about, kept)


def save(path: Path, result: SimulationResult) -> None:
    rows = result.rows
    columns: dict[str, NDArray[np.generic]] = {
        "stage": np.array([_STAGES.index(r.stage) for r in rows], np.int8),
        "times": np.array([(r.onset_s, r.apex_s, r.offset_s, r.late_by_s) for r in rows]).reshape(
            -1, 4
        ),
        "strength": np.array([r.strength for r in rows]),
        "flags": np.array([(r.continuous, r.passes_rules, r.masked) for r in rows], bool).reshape(
            -1, 3
        ),
        "event": np.array([r.event for r in rows], np.int64),
        "features": np.array([r.features for r in rows], np.float32),
        "about": np.array(
            [result.simulated, result.talking, result.seconds, result.events], np.float64
        ),
        "group": np.array(result.group),
    }
    with whole_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **columns)


def load(path: Path) -> SimulationResult:
    with np.load(path, allow_pickle=False) as a:
        columns = (a[name] for name in ("stage", "times", "strength", "flags", "event", "features"))
        rows = tuple(
            LabelledCandidate(
                stage=_STAGES[stage],
                apex_s=float(times[1]),
                onset_s=float(times[0]),
                offset_s=float(times[2]),
                strength=float(strength),
                continuous=bool(flags[0]),
                passes_rules=bool(flags[1]),
                masked=bool(flags[2]),
                event=int(event),
                late_by_s=float(times[3]),
                features=features,
            )
            for stage, times, strength, flags, event, features in zip(*columns, strict=True)
        )
        simulated, talking, seconds, events = a["about"]
        known = bool(simulated), bool(talking), float(seconds), int(events)
        return SimulationResult(str(a["group"]), *known, rows)
