"""What `fleeting train-verifier` does: footage and simulated people in, verifier.npz out."""

from __future__ import annotations

import json
import logging
import multiprocessing
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2

from model.progress import progress
from model.spotting.boosted_trees import cross_fit, export, fit_stage
from model.spotting.face_footage import read_recording, without
from model.spotting.jobs import Job, load, plan, save
from model.spotting.jobs import run as run_job
from model.spotting.operating_point import TARGET_RATES, operating_table
from model.synthetic.portraits import find_portraits, load_cache, save_cache, split
from model.synthetic.skin_models import LEARNED, Motion
from realtime.batch.videos import videos
from realtime.errors import DataError, SettingsError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.verifier import SHIPPED, STAGES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VerifierOptions:
    """Arguments of `fleeting train-verifier`; its help explains each."""

    output: Path
    footage: tuple[Path, ...] = ()
    cut: tuple[str, ...] = ()  # VIDEO:FROM-TO
    portraits: Path | None = None
    passes: int = 24
    simulated: int = 96
    talkers: int = 96
    motions: tuple[Motion, ...] = LEARNED
    leave_out: tuple[str, ...] = ()
    seed: int = 1
    workers: int = 2
    face_model: Path | None = None
    save: Path | None = None
    install: bool = False


def prepare(given: VerifierOptions) -> Iterator[tuple[Job, Path]]:
    """Jobs that are not done yet, and where their results go."""
    tracker = LandmarkTracker(face_model(given.face_model))
    cuts = [cut_of(text) for text in given.cut]
    cache = given.output / "portraits.npz"
    if not cache.exists():
        save_cache(cache, find_portraits(given.portraits, tracker))
    portraits, held_out = split(load_cache(cache))
    log.info("%d portraits to train on, %d held out", len(portraits), len(held_out))
    recordings = [
        without(read_recording(path, tracker), [(a, b) for name, a, b in cuts if name == path.name])
        for path in given.footage
    ]
    jobs = plan(
        recordings,
        portraits,
        passes=given.passes,
        simulated=given.simulated,
        talkers=given.talkers,
        motions=given.motions,
    )
    for number, job in enumerate(jobs):
        path = given.output / "results" / f"{number:05d}.npz"
        if not path.exists():
            yield job, path


def cut_of(text: str) -> tuple[str, float, float]:
    """A video's name and the seconds of "VIDEO:FROM-TO".  Raises SettingsError."""
    try:
        name, span = text.rsplit(":", 1)
        first, last = (float(part) for part in span.split("-"))
    except ValueError:
        first, last = 1.0, 0.0
    if not 0 <= first < last:
        raise SettingsError(f"--cut {text} is not VIDEO:FROM-TO in seconds, like a.mp4:2.5-4")
    return name, first, last


class _Worker:
    """A process that runs jobs; it is given all of them once, since they share their frames."""

    jobs: Sequence[tuple[Job, Path]] = ()

    @classmethod
    def start(cls, jobs: Sequence[tuple[Job, Path]]) -> None:
        cv2.setNumThreads(1)
        cls.jobs = jobs

    @classmethod
    def run_numbered(cls, seed: int, number: int) -> None:
        job, path = cls.jobs[number]
        save(path, run_job(job, seed))


def run_all(jobs: Sequence[tuple[Job, Path]], seed: int, workers: int) -> None:
    # spawned: the landmark model's threads in this process would leave a forked child locked
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _Worker.start, (jobs,)
    ) as pool:
        done = pool.map(partial(_Worker.run_numbered, seed), range(len(jobs)))
        for _ in progress(done, "simulating", len(jobs)):
            pass


def fit(folder: Path, leave_out: Sequence[str]) -> dict[str, object]:
    """Fit to every result in `folder`; writes verifier.npz and returns the report.

    Raises:
        DataError: there is no result.
    """
    results = [load(path) for path in sorted((folder / "results").glob("[0-9]*[0-9].npz"))]
    results = [p for p in results if p.rows and p.group not in leave_out]
    if not results:
        raise DataError(f"{folder}/results holds nothing to learn from")
    scored, platt = cross_fit(results)
    operating = operating_table(scored)
    models = {stage: fit_stage(results, stage) for stage in STAGES}
    export(folder / "verifier.npz", models, platt, operating)
    groups = sorted({p.group for p in results})
    return {
        "groups": groups,
        "left_out": sorted(leave_out),
        "minutes": round(sum(p.seconds for p in results) / 60, 1),
        "events": sum(p.events for p in results),
        "cross-fitted": [
            {
                "target_per_min": float(b),
                "alarms_per_min": round(float(a), 3),
                "recall": round(float(r), 3),
            }
            for b, a, r in zip(
                TARGET_RATES, operating.alarms_per_min, operating.recall, strict=True
            )
        ],
    }


def run(given: VerifierOptions) -> None:
    """Simulate what has not been simulated yet, and fit; see `fleeting train-verifier --help`.

    Raises:
        SettingsError: options that do not go together.
        DataError: a video cannot be read, or there is nothing to learn from.
    """
    films = [f for path in given.footage for f in (videos(path) if path.is_dir() else (path,))]
    for path in films:
        if not path.is_file():
            raise SettingsError(f"--footage {path}: there is no such file")
    for name, *_ in map(cut_of, given.cut):
        if name not in {path.name for path in films}:
            raise SettingsError(f"--cut {name}: no video of --footage has this name")
    (given.output / "results").mkdir(parents=True, exist_ok=True)
    todo = list(prepare(replace(given, footage=tuple(films))))
    run_all(todo, given.seed, given.workers)
    report = fit(given.output, given.leave_out)
    (given.output / "report.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    if given.save:
        shutil.copyfile(given.output / "verifier.npz", given.save)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if given.install:
        shutil.copyfile(given.output / "verifier.npz", SHIPPED)
