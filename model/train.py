"""Train the network: `python -m model.train --data … --output DIR`.

Trained on everything it is given (`--protocol all`), it ends by writing the engine folder
`DIR/engine`.  With another protocol it trains one network for each fold of annotated datasets and
scores them on the subjects that were held out.  A run that was killed goes on with `--resume`.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

if __name__ == "__main__" and find_spec("torch") is None:
    sys.exit('training needs torch, which is not installed: pip install "fleeting[train]"')

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import torch
from rich.console import Console

from model.datasets.align import AlignedClip
from model.datasets.aligned_cache import aligned
from model.datasets.labels import LABEL_SETS, check_official_counts, megc2019
from model.datasets.record import Dataset
from model.datasets.registry import NAMES, load
from model.evaluation.cross_validate import FoldWork, cross_validate, train_on
from model.evaluation.metrics.recognition import Scores
from model.export_engine import export_checkpoint
from model.network.frl_dgt import FrlDgt
from model.synthetic.footage import Footage, read_footage
from model.synthetic.pair_stream import PairStream
from model.synthetic.pairs import NON_EVENT, Recipe
from model.synthetic.portraits import Portrait, find_portraits, load_cache, save_cache, split
from model.synthetic.skin_models import LEARNED, SKINS
from model.training.loop import CHECKPOINT, fit
from model.training.parallel import World, join
from model.training.schedule import Length, TrainSettings, scaled, with_chapters
from realtime.errors import FleetingError, SettingsError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

log = logging.getLogger(__name__)

PORTRAITS = "portraits.npz"
SCORES = "scores.json"
ENGINE = "engine"


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


def gather_footage(paths: Sequence[Path], model_path: Path | None) -> list[Footage]:
    if not paths:
        return []
    tracker = LandmarkTracker(face_model(model_path))
    return [stretch for path in paths for stretch in read_footage(path, tracker)]


def gather_clips(given: argparse.Namespace) -> list[AlignedClip]:
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


def _train_synthetic(given: argparse.Namespace, settings: TrainSettings, length: Length) -> None:
    portraits = gather_portraits(given.portraits, given.output, given.face_model)
    seen, held_out = split(portraits)
    log.info("%d identities to train on, %d held out", len(seen), len(held_out))
    train(
        seen,
        given.output,
        length,
        settings,
        recipe=Recipe(motions=tuple(given.motions)),
        footage=gather_footage(given.footage, given.face_model),
        resume=given.resume,
        start_from=given.start_from,
        only_module=given.fresh_fusion,
        workers=given.workers,
        save_every_s=given.save_every_s,
    )


def _train_on_everything(
    given: argparse.Namespace, settings: TrainSettings, length: Length
) -> None:
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


def _run_folds(given: argparse.Namespace, settings: TrainSettings, length: Length) -> None:
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


def _settings(given: argparse.Namespace) -> TrainSettings:
    settings = TrainSettings(seed=given.seed)
    phases = with_chapters(settings.phases, given.chapter, given.epochs)
    return replace(settings, phases=scaled(phases, given.shares, given.rates, given.batches))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="model.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"datasets: {', '.join(NAMES)}, each as NAME=DIR; several may be given",
    )
    parser.add_argument("--data", nargs="+", default=["synthetic"], metavar="NAME=DIR",
                        help="annotated datasets, or: synthetic")  # fmt: skip
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float)
    length.add_argument("--steps", type=int)
    parser.add_argument("--resume", action="store_true", help="go on with the run in --output")
    parser.add_argument("--start-from", type=Path, help="engine folder whose weights to start from")
    fusion = next(phase for phase in TrainSettings().phases if phase.chapter)
    parser.add_argument(
        "--chapter", type=int, default=fusion.chapter, help="pairs the transformers read again"
    )
    parser.add_argument("--epochs", type=int, default=fusion.epochs, help="that they read them")
    parser.add_argument("--seed", type=int, default=TrainSettings().seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--face-model", type=Path, help="face_landmarker.task to find faces with")
    parser.add_argument("--save-every-s", type=float, default=120.0)
    parser.add_argument(
        "--shares",
        type=float,
        nargs=4,
        metavar=("DISPLACEMENT", "FUSION", "JOINT", "EVENT"),
        help="of the run for each phase, when it does not begin from nothing; "
        "the last trains the event head and nothing else",
    )
    parser.add_argument("--rates", type=float, default=1.0, help="factor of all learning rates")
    parser.add_argument(
        "--batches", type=int, default=1, help="factor of all batches; 4 keeps a GPU busy"
    )
    synthetic = parser.add_argument_group("synthetic pairs")
    synthetic.add_argument("--portraits", type=Path, help="folder of face photographs")
    synthetic.add_argument(
        "--footage", type=Path, nargs="+", default=[], help="videos of faces to add movements to"
    )
    synthetic.add_argument(
        "--motions",
        nargs="+",
        choices=SKINS,
        default=LEARNED,
        help="models of how skin moves",
    )
    synthetic.add_argument(
        "--fresh-fusion",
        action="store_true",
        help="take the displacement module alone from --start-from; the rest begins from nothing",
    )
    synthetic.add_argument("--workers", type=int, default=1, help="processes that draw pairs")
    datasets = parser.add_argument_group("annotated datasets")
    datasets.add_argument(
        "--protocol", choices=["all", "loso", "holdout", "cross-dataset"], default="all"
    )
    datasets.add_argument("--labels", choices=["megc2019", *LABEL_SETS], default="three")
    datasets.add_argument("--cluster", action="store_true", help="folds in parallel on Ray")
    datasets.add_argument(
        "--cluster-workers", type=int, default=2, help="folds at a time on a Ray started here"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)  # before the workers are forked, which inherit it
    try:
        settings, length = _settings(given), Length(given.steps, given.minutes)
        if given.data == ["synthetic"]:
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
    except FleetingError as error:
        log.error("%s", error)
        return error.exit_code
    except KeyboardInterrupt:
        log.error("stopped; go on with --resume")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
