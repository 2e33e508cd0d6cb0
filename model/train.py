"""What `fleeting train` does: portraits, footage and datasets in, a run and its engine out."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import torch
from rich.console import Console

from model.datasets.align import AlignedClip
from model.datasets.aligned_cache import aligned
from model.datasets.labels import LABEL_SETS, check_official_counts, megc2019
from model.datasets.record import Dataset
from model.datasets.registry import load
from model.evaluation.cross_validate import FoldWork, cross_validate, train_on
from model.evaluation.metrics.recognition import Scores
from model.evaluation.protocol import Protocol
from model.export_engine import export_checkpoint
from model.network.frl_dgt import FrlDgt
from model.synthetic.footage import Footage, read_footage
from model.synthetic.pair_stream import PairStream
from model.synthetic.portraits import Portrait, find_portraits, load_cache, save_cache, split
from model.synthetic.recipe import NON_EVENT, Recipe
from model.synthetic.skin_models import LEARNED, Motion
from model.training.loop import CHECKPOINT, fit
from model.training.parallel import World, join
from model.training.schedule import Length, TrainSettings, scaled, with_cache
from realtime.batch.videos import videos
from realtime.errors import DataError, SettingsError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

log = logging.getLogger(__name__)

PORTRAITS = "portraits.npz"
SCORES = "scores.json"
ENGINE = "engine"
_SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Arguments of `fleeting train`; its help explains each."""

    output: Path
    data: tuple[str, ...] = (_SYNTHETIC,)
    minutes: float | None = None
    steps: int | None = None
    resume: bool = False
    start_from: Path | None = None
    seed: int = 1
    threads: int = 2
    face_model: Path | None = None
    save_every_s: float = 120.0
    cache_pairs: int = 3072
    epochs: int = 6
    shares: tuple[float, float, float, float] | None = None
    rates: float = 1.0
    batches: int = 1
    portraits: Path | None = None
    footage: tuple[Path, ...] = ()
    people: Path | None = None
    leave_out: tuple[str, ...] = ()
    motions: tuple[Motion, ...] = LEARNED
    fresh_fusion: bool = False
    workers: int = 1
    protocol: Protocol = "all"
    labels: str = "three"
    cluster: bool = False
    cluster_workers: int = 2


def train(
    portraits: Sequence[Portrait],
    output: Path,
    length: Length,
    settings: TrainSettings | None = None,
    *,
    footage: Sequence[Footage] = (),
    recipe: Recipe | None = None,
    resume: bool = False,
    start_from: Path | None = None,
    only_module: bool = False,
    workers: int = 0,
    save_every_s: float = 120.0,
) -> FrlDgt:
    """Train on synthetic pairs of every portrait and all footage given; see `loop.fit`."""
    settings, recipe = settings or TrainSettings(), recipe or Recipe()
    # The faces' names are part of the settings: held-out ones must stay so on resuming.
    stated = {
        "portraits": [portrait.name for portrait in portraits],
        "footage": [stretch.name for stretch in footage],
        "recipe": asdict(recipe),
    }

    def stream_from(index: int, world: World) -> PairStream:
        place = (world.rank, world.size)
        return PairStream(portraits, settings.seed, index, workers, recipe, footage, *place)

    return fit(
        output,
        stream_from,
        length,
        settings,
        stated,
        resume=resume,
        start_from=start_from,
        only_module=only_module,
        save_every_s=save_every_s,
    )


def gather_portraits(folder: Path | None, output: Path, model_path: Path | None) -> list[Portrait]:
    """Aligned portraits, from the cache of an earlier run in `output` if there is one."""
    cache = output / PORTRAITS
    if cache.exists():
        return load_cache(cache)
    portraits = find_portraits(folder, LandmarkTracker(face_model(model_path)))
    output.mkdir(parents=True, exist_ok=True)
    save_cache(cache, portraits)
    return portraits


def gather_footage(
    paths: Sequence[Path],
    model_path: Path | None,
    people: Path | None = None,
    leave_out: Sequence[str] = (),
) -> list[Footage]:
    """Stretches of all videos but those of the people left out.

    Args:
        people: CSV with the columns file and person; without, each video is a person of its own.

    Raises:
        DataError: `people` cannot be read, or nobody in the videos has a name of `leave_out`.
    """
    films = [film for path in paths for film in (videos(path) if path.is_dir() else (path,))]
    who = {path: path.stem for path in films}
    if people is not None:
        try:
            with people.open(newline="", encoding="utf-8") as file:
                named = {Path(row["file"]).name: row["person"] for row in csv.DictReader(file)}
        except (OSError, KeyError, UnicodeDecodeError) as error:
            raise DataError(f"{people} names no file and person: {error}") from error
        who |= {path: named[path.name] for path in films if path.name in named}
    unknown = set(leave_out) - set(who.values())
    if unknown:
        raise DataError(f"nobody in the footage is called {', '.join(sorted(unknown))}")
    kept = [path for path in films if who[path] not in leave_out]
    if not kept:
        return []
    tracker = LandmarkTracker(face_model(model_path))
    return [stretch for path in kept for stretch in read_footage(path, tracker, who[path])]


def gather_clips(given: TrainOptions) -> list[AlignedClip]:
    """Aligned clips of all datasets; what was left out, and odd counts, go to the log."""
    datasets = [load(spec) for spec in given.data]
    for line in check_official_counts([r for dataset in datasets for r in dataset.records]):
        log.warning("%s", line)
    label_of, _ = LABEL_SETS["three" if given.labels == "megc2019" else given.labels]
    tracker = LandmarkTracker(face_model(given.face_model))
    clips: list[AlignedClip] = []
    for dataset in datasets:
        if given.labels == "megc2019":
            chosen = tuple(megc2019(dataset.records))
            dataset = Dataset(dataset.name, chosen, dataset.report)
        found = aligned(dataset, label_of, tracker, given.output / "aligned")
        for line in dataset.report.summary():
            log.warning("%s", line)
        log.info("%s: %d clips", dataset.name, len(found))
        clips += found
    return clips


def _train_synthetic(given: TrainOptions, settings: TrainSettings, length: Length) -> None:
    portraits = gather_portraits(given.portraits, given.output, given.face_model)
    seen, held_out = split(portraits)
    log.info("%d identities to train on, %d held out", len(seen), len(held_out))
    train(
        seen,
        given.output,
        length,
        settings,
        recipe=Recipe(motions=given.motions),
        footage=gather_footage(given.footage, given.face_model, given.people, given.leave_out),
        resume=given.resume,
        start_from=given.start_from,
        only_module=given.fresh_fusion,
        workers=given.workers,
        save_every_s=given.save_every_s,
    )


def _train_on_everything(given: TrainOptions, settings: TrainSettings, length: Length) -> None:
    if given.labels not in ("three", "megc2019"):
        raise SettingsError(f"an engine answers three classes: --labels {given.labels} needs folds")
    train_on(
        gather_clips(given),
        given.output,
        length,
        settings,
        classes=3,
        start_from=given.start_from,
        resume=given.resume,
    )


def _run_folds(given: TrainOptions, settings: TrainSettings, length: Length) -> None:
    if length.steps is None:
        raise SettingsError("folds are of equal length: give --steps, not --minutes")
    clips = [clip for clip in gather_clips(given) if clip.label != NON_EVENT]
    _, classes = LABEL_SETS["three" if given.labels == "megc2019" else given.labels]
    work = FoldWork(tuple(clips), classes, length, settings, given.start_from)
    whole, parts = cross_validate(
        clips,
        given.protocol,
        work,
        given.output / given.protocol,
        cluster=given.cluster,
        workers=given.cluster_workers,
        threads=given.threads,
    )
    report(whole, parts, given.output / given.protocol / SCORES)


def report(whole: Scores, parts: dict[str, Scores], path: Path) -> None:
    """Pooled scores to the terminal and to a file."""
    console = Console()
    for name, scores in {"all": whole, **parts}.items():
        console.print(f"{name}: {scores.line()}", soft_wrap=True, highlight=False)
    found = {name: asdict(scores) for name, scores in {"all": whole, **parts}.items()}
    path.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def _settings(given: TrainOptions) -> TrainSettings:
    settings = TrainSettings(seed=given.seed)
    phases = with_cache(settings.phases, given.cache_pairs, given.epochs)
    return replace(settings, phases=scaled(phases, given.shares, given.rates, given.batches))


def run(given: TrainOptions) -> None:
    """Train as the options say; see `fleeting train --help`.

    Raises:
        SettingsError: options that do not go together.
        DataError: a dataset, or the run that is to be resumed.
    """
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)  # before the workers are forked, which inherit it
    if (given.steps is None) == (given.minutes is None):
        raise SettingsError("give one of --minutes and --steps")
    settings, length = _settings(given), Length(given.steps, given.minutes)
    if given.data == (_SYNTHETIC,):
        if given.protocol != "all":
            raise SettingsError("synthetic pairs have no subjects to hold out: --protocol all")
        _train_synthetic(given, settings, length)
    elif given.protocol == "all":
        _train_on_everything(given, settings, length)
    else:
        _run_folds(given, settings, length)
    if given.protocol == "all" and join().leads:
        engine = given.output / ENGINE
        worst = export_checkpoint(
            given.output / CHECKPOINT, engine, given.output.name, "Apache-2.0"
        )
        log.info("wrote %s; largest difference from torch %.2g", engine, worst)
