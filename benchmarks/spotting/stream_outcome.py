"""Generated streams whose movements are known, and what our spotter makes of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.spotting.score import SLACK_S
from benchmarks.spotting.spotters import SpotterOutcome, ours
from calibration.person import share
from model.spotting.face_footage import FaceRecording, film_scene, only_assessable
from model.spotting.insertions import InsertedMovement, play
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.spotting.rejection_rules import RejectionRules
from realtime.spotting.spotter import SpotterConfig
from realtime.spotting.verifier import load_verifier
from realtime.statistics import rate_interval

SECONDS = 30.0
EVENTS_PER_MIN = 10.0
SEED = 77_000


@dataclass(frozen=True, slots=True)
class StreamOutcome:
    seconds: float  # assessable
    added: tuple[InsertedMovement, ...]
    judged: frozenset[int]  # of them, those while the face was assessable
    coarse: dict[int, float]  # the codec's steps at their apex, grey levels
    found: dict[int, tuple[float, float, float]]  # onset, apex, flag of the alarm on it
    false: int
    raised: int


def outcome(
    scene: FaceRecording,
    added: Sequence[InsertedMovement],
    camera: SimulatedCamera,
    rng: np.random.Generator,
    given: argparse.Namespace,
    gates: RejectionRules | None = None,
) -> StreamOutcome:
    """Our spotter on one scene, filmed with movements that are known."""
    cv2.setNumThreads(1)
    fps = (len(scene.frames) - 1) / scene.seconds
    acted = FaceRecording(scene.name, tuple(play(scene, added, (0.3, -0.2))))
    recording = film_scene(rng, camera, acted)
    frames = tuple(only_assessable(recording.frames, fps))
    verifier = load_verifier(given.verifier) if given.verifier else None
    config = SpotterConfig(
        alarms_per_minute=given.alarms_per_minute, rules=gates or RejectionRules()
    )
    watched: SpotterOutcome = ours(FaceRecording(recording.name, frames), config, verifier)
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
    return StreamOutcome(
        seconds=sum(watched.judged) / fps,
        added=tuple(added),
        judged=frozenset(counted),
        coarse=coarse,
        found=found,
        false=false,
        raised=len(watched.alarms),
    )


def streams(
    job: Callable[[int], StreamOutcome], count: int, given: argparse.Namespace
) -> list[StreamOutcome]:
    with ProcessPoolExecutor(given.workers) as pool:
        done = pool.map(job, range(count))
        return list(track(done, given.what, total=count, console=Console(stderr=True)))


def regular(fps: float) -> NDArray[np.float64]:
    return np.arange(round(SECONDS * fps)) / fps


def found_share(outcomes: Sequence[StreamOutcome], low: float, high: float) -> tuple[int, int]:
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
