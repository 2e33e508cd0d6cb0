"""What the verifier learns from: real and simulated recordings with movements added to them.

Every job is a function of (seed, number) and of the material it is drawn from, so a run can be
cut and go on.  A job belongs to a group, a video or a part of the portraits; groups are what
cross-validation holds out, so that no score ever comes from a face that was learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.spotting.face_footage import (
    FaceRecording,
    at_pace,
    backwards,
    farther,
    film_scene,
    mirrored,
    stretches,
)
from model.spotting.insertions import draw_insertions, play
from model.spotting.labelled_candidates import LabelledCandidate, labelled_candidates
from model.spotting.scene import simulate
from model.spotting.simulated_person import Behaviour
from model.synthetic.portraits import Portrait
from model.synthetic.simulated_camera import SimulatedCamera
from model.synthetic.skin_models import LEARNED, Motion
from realtime.atomic_file import whole_file
from realtime.face.assessability import AssessConfig
from realtime.face.geometry import inter_ocular
from realtime.spotting.candidates import Stage

EVENTS_PER_MIN = 14.0
SHORTEST_S = 1.5
SIMULATED_S = 30.0
SIMULATED = "portraits "  # how the groups of simulated people begin
_RATES = (24.0, 25.0, 30.0, 30.0, 30.0, 50.0, 60.0)
_STAGES: tuple[Stage, ...] = ("early", "late")


@dataclass(frozen=True, slots=True)
class Job:
    group: str
    number: int
    recording: FaceRecording | None  # None: simulate one
    portraits: tuple[Portrait, ...] = ()
    talking: bool = False  # simulate one who talks nearly all the time: the hardest to watch
    motions: tuple[Motion, ...] = LEARNED  # models of how skin moves, equally often


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """One job's outcome."""

    group: str
    simulated: bool
    talking: bool
    seconds: float  # that were watched
    events: int
    rows: tuple[LabelledCandidate, ...]


def plan(
    recordings: Sequence[FaceRecording],
    portraits: Sequence[Portrait],
    *,
    passes: int,
    simulated: int,
    talkers: int = 0,
    motions: tuple[Motion, ...] = LEARNED,
    groups: int = 4,
) -> list[Job]:
    """`passes` over each recording, and simulated people: as they come, and talking."""
    jobs = []
    for recording in recordings:
        parts = list(stretches(recording, SHORTEST_S))
        for number in range(passes):
            jobs += [Job(recording.name, number, part, motions=motions) for part in parts]
    for number in range(simulated + talkers):
        group = number % groups
        known = tuple(portraits[group::groups])
        talking = number >= simulated
        jobs.append(Job(f"{SIMULATED}{group}", number, None, known, talking, motions))
    return jobs


def run(job: Job, seed: int) -> SimulationResult:
    numbers = [seed, *job.group.encode(), job.number]
    rng = np.random.default_rng(numbers)
    recording = job.recording
    if recording is None:
        fps = float(rng.choice(_RATES))
        times_s = np.arange(round(SIMULATED_S * fps)) / fps
        behaviour = Behaviour.draw_talker(rng) if job.talking else None
        recording = simulate(job.portraits, numbers, times_s, behaviour)
        camera = SimulatedCamera.draw(rng)
    else:
        if rng.random() < 0.5:
            recording = mirrored(recording)
        if rng.random() < 0.3:
            recording = backwards(recording)
        recording = at_pace(recording, float(rng.uniform(0.85, 1.15)))
        if rng.random() < 0.6:
            recording = farther(recording, float(rng.uniform(_smallest(recording), 1)))
        camera = SimulatedCamera.draw_second(rng)
    added = draw_insertions(rng, recording, EVENTS_PER_MIN, motions=job.motions)
    start = rng.uniform(-0.5, 0.5, 2)
    frames = tuple(play(recording, added, (float(start[0]), float(start[1]))))
    filmed = film_scene(rng, camera, FaceRecording(recording.name, frames))
    rows = labelled_candidates(filmed.frames, added)
    about = job.recording is None, job.talking, recording.seconds, len(added)
    return SimulationResult(job.group, *about, tuple(rows))


def _smallest(recording: FaceRecording) -> float:
    """The factor that makes this face the smallest that is judged; at least a half."""
    faces = (m.face for m in recording.frames)
    iod_px = min(inter_ocular(face.landmarks) for face in faces if face is not None)
    return float(np.clip(AssessConfig().min_iod_px / iod_px, 0.5, 1.0))


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
