"""What `fleeting train-verifier` does: footage and simulated people in, verifier.npz out."""

from __future__ import annotations

import csv
import json
import logging
import multiprocessing
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.progress import progress
from model.spotting.boosted_trees import cross_fit, export, fit_stage, fold_of
from model.spotting.claimed_folder import claim_folder
from model.spotting.face_footage import read_recording, without
from model.spotting.footage_series import series_of
from model.spotting.jobs import GROUPS, Job, load, plan, save, simulated_series
from model.spotting.jobs import run as run_job
from model.spotting.movement_patterns import PatternBank, load_bank, make_bank, save_bank
from model.spotting.operating_point import (
    TARGET_RATES,
    OperatingTable,
    operating_table,
    reliability,
)
from model.spotting.series import FaceSeries, load_series, save_series
from model.spotting.signal_insertions import UPPER_FROM, draw_pattern, upper_share
from model.synthetic.portraits import (
    Portrait,
    find_portraits,
    is_held_out,
    load_cache,
    save_cache,
)
from realtime.batch.videos import videos
from realtime.errors import DataError, SettingsError
from realtime.face.face import FaceTracker
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.sensitivity import Probes
from realtime.spotting.verifier import SHIPPED, STAGES

log = logging.getLogger(__name__)

_PATTERNS = 900  # of each model of skin
_PROBES = 240  # patterns of each half of the face that the sensitivity meter lays in
_PROBES_LINE = (0.0, 1.0)  # offset and slope of the correction: none was needed


@dataclass(frozen=True, slots=True)
class VerifierOptions:
    """Arguments of `fleeting train-verifier`; its help explains each."""

    output: Path
    footage: tuple[Path, ...] = ()
    persons: Path | None = None  # CSV: file,person
    cut: tuple[str, ...] = ()  # VIDEO:FROM-TO
    portraits: Path | None = None
    minutes: float = 20.0
    simulated: int = 120
    simulated_passes: int = 5
    leave_out: tuple[str, ...] = ()
    seed: int = 1
    workers: int = 2
    face_model: Path | None = None
    save: Path | None = None
    install: bool = False


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


def read_persons(path: Path | None) -> dict[str, str]:
    """Who is in each video, by its file name; people are held out whole.

    Raises:
        DataError: the table cannot be read.
    """
    if path is None:
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {Path(row["file"]).name: row["person"] for row in csv.DictReader(file)}
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} is not a table with columns file and person: {error}") from error


def measure_footage(
    films: Sequence[Path], given: VerifierOptions, tracker: FaceTracker
) -> list[FaceSeries]:
    """The series of every film, kept in the run's folder."""
    persons, cuts = read_persons(given.persons), [cut_of(text) for text in given.cut]
    series: list[FaceSeries] = []
    for film in films:
        kept = given.output / "series" / f"{film.parent.name}_{film.stem}.npz"
        if not kept.exists():
            recording = read_recording(film, tracker)
            recording = without(recording, [(a, b) for name, a, b in cuts if name == film.name])
            person = persons.get(film.name, film.stem)
            save_series(kept, list(series_of(recording, person, given.seed)))
        series += load_series(kept)
    return series


class _Worker:
    """A process that runs tasks; it is given all of them once, since they share their material."""

    tasks: Sequence[Callable[[], None]] = ()

    @classmethod
    def start(cls, tasks: Sequence[Callable[[], None]]) -> None:
        cv2.setNumThreads(1)
        cls.tasks = tasks

    @classmethod
    def run_numbered(cls, number: int) -> None:
        cls.tasks[number]()


def run_all(tasks: Sequence[Callable[[], None]], what: str, workers: int) -> None:
    # spawned: the landmark model's threads in this process would leave a forked child locked
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _Worker.start, (tasks,)
    ) as pool:
        for _ in progress(pool.map(_Worker.run_numbered, range(len(tasks))), what, len(tasks)):
            pass


def _simulate(path: Path, portraits: tuple[Portrait, ...], seed: int, number: int) -> None:
    save_series(path, simulated_series(portraits, seed, number))


def _run_job(path: Path, job: Job, bank: PatternBank, seed: int) -> None:
    save(path, run_job(job, bank, seed))


def material(films: Sequence[Path], given: VerifierOptions) -> tuple[list[FaceSeries], PatternBank]:
    """All series, of footage and of simulated people, and the patterns of movement."""
    tracker = LandmarkTracker(face_model(given.face_model))
    cache = given.output / "portraits.npz"
    if not cache.exists():
        save_cache(cache, find_portraits(given.portraits, tracker))
    portraits = [p for p in load_cache(cache) if not is_held_out(p.name)] or load_cache(cache)
    for folder in ("series", "simulated", "results"):
        (given.output / folder).mkdir(parents=True, exist_ok=True)
    series = measure_footage(films, given, tracker)
    paths = [given.output / "simulated" / f"{k:05d}.npz" for k in range(given.simulated)]
    tasks = [
        partial(_simulate, path, tuple(portraits[k % GROUPS :: GROUPS]), given.seed, k)
        for k, path in enumerate(paths)
        if not path.exists()
    ]
    run_all(tasks, "drawing simulated people", given.workers)
    series += [part for path in paths for part in load_series(path)]
    patterns = given.output / "patterns.npz"
    if not patterns.exists():
        save_bank(patterns, make_bank(given.seed, portraits, _PATTERNS))
    return series, load_bank(patterns)


def probes_of(bank: PatternBank) -> Probes:
    """What the sensitivity meter lays in: movements mostly of one half of the face."""
    rng = np.random.default_rng(0)
    upper: list[NDArray[np.float64]] = []
    lower: list[NDArray[np.float64]] = []
    while min(len(upper), len(lower)) < _PROBES:
        _, pattern = draw_pattern(rng, bank)
        share = upper_share(pattern)
        if share > UPPER_FROM:
            upper.append(pattern)
        elif share < 1 - UPPER_FROM:
            lower.append(pattern)
    return Probes(np.array(upper[:_PROBES]), np.array(lower[:_PROBES]), *_PROBES_LINE)


def fit(folder: Path, bank: PatternBank, leave_out: Sequence[str]) -> dict[str, object]:
    """Fit to every result in `folder`; writes verifier.npz and returns the report.

    Also writes left_out/: the verifiers of the cross-fit, and a table of who was held out of each.

    Raises:
        DataError: there is no result.
    """
    results = [load(path) for path in sorted((folder / "results").glob("[0-9]*[0-9].npz"))]
    results = [p for p in results if p.rows and p.group not in leave_out]
    if not results:
        raise DataError(f"{folder}/results holds nothing to learn from")
    scored, platt, left_out = cross_fit(results)
    operating, probes = operating_table(scored), probes_of(bank)
    groups = sorted({p.group for p in results})
    (folder / "left_out").mkdir(exist_ok=True)
    for number, forests in enumerate(left_out):
        export(folder / "left_out" / f"{number}.npz", forests, platt, operating, probes)
    persons = {group: f"{number}.npz" for group, number in fold_of(set(groups)).items()}
    (folder / "left_out" / "persons.json").write_text(json.dumps(persons, indent=2), "utf-8")
    models = {stage: fit_stage(results, stage) for stage in STAGES}
    export(folder / "verifier.npz", models, platt, operating, probes)
    moved = [p for p in results if p.events]
    return {
        "groups": groups,
        "left_out": sorted(leave_out),
        "minutes": round(sum(p.seconds for p in moved) / 60, 1),
        "events": sum(p.events for p in moved),
        "minutes_as_they_are": round(sum(p.seconds for p in results if not p.events) / 60, 1),
        "people_left_out": _rates(operating),
        "reliability": [asdict(band) for band in reliability(scored)],
    }


def _rates(operating: OperatingTable) -> list[dict[str, float]]:
    columns = (
        TARGET_RATES,
        operating.alarms_per_min,
        operating.simulated_per_min,
        operating.recall,
    )
    names = ("target_per_min", "alarms_per_min", "simulated_alarms_per_min", "recall")
    return [
        {name: round(float(value), 3) for name, value in zip(names, row, strict=True)}
        for row in zip(*columns, strict=True)
    ]


def _settings(given: VerifierOptions, films: Sequence[Path]) -> dict[str, object]:
    """What the parts of a run depend on, by the flag that says it."""
    return {
        "--footage": [[film.name, film.stat().st_size] for film in films],
        "--persons": sorted(read_persons(given.persons).items()),
        "--cut": sorted(given.cut),
        "--portraits": str(given.portraits),
        "--minutes": given.minutes,
        "--simulated": given.simulated,
        "--simulated-passes": given.simulated_passes,
        "--seed": given.seed,
    }


def run(given: VerifierOptions) -> None:
    """Simulate what has not been simulated yet, and fit; see `fleeting train-verifier --help`.

    Raises:
        SettingsError: options that do not go together, or a folder made with others.
        DataError: a video cannot be read, or there is nothing to learn from.
    """
    films = [f for path in given.footage for f in (videos(path) if path.is_dir() else (path,))]
    for path in films:
        if not path.is_file():
            raise SettingsError(f"--footage {path}: there is no such file")
    for name, *_ in map(cut_of, given.cut):
        if name not in {path.name for path in films}:
            raise SettingsError(f"--cut {name}: no video of --footage has this name")
    given.output.mkdir(parents=True, exist_ok=True)
    claim_folder(given.output, _settings(given, films), parts=("series", "simulated", "results"))
    series, bank = material(films, given)
    jobs = plan(series, minutes=given.minutes, simulated_passes=given.simulated_passes)
    paths = [given.output / "results" / f"{k:05d}.npz" for k in range(len(jobs))]
    tasks = [
        partial(_run_job, path, job, bank, given.seed)
        for path, job in zip(paths, jobs, strict=True)
        if not path.exists()
    ]
    run_all(tasks, "adding movements", given.workers)
    report = fit(given.output, bank, given.leave_out)
    (given.output / "report.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    if given.save:
        shutil.copyfile(given.output / "verifier.npz", given.save)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if given.install:
        shutil.copyfile(given.output / "verifier.npz", SHIPPED)
