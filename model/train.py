"""Train the network: `python -m model.train --data synthetic --output DIR --minutes N`.

A run that was killed goes on with `--resume`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch

from model.fit import fit
from model.frl_dgt import FrlDgt
from model.parallel import World
from model.schedule import Length, TrainSettings, scaled
from model.synthetic.footage import Footage, read_footage
from model.synthetic.pairs import MOTIONS, Recipe
from model.synthetic.portraits import Portrait, find_portraits, load_cache, save_cache, split
from model.synthetic.stream import PairStream
from realtime.errors import FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

log = logging.getLogger(__name__)

PORTRAITS = "portraits.npz"


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
    workers: int = 0,
    save_every_s: float = 120.0,
) -> FrlDgt:
    """Train on pairs of every portrait and all footage given; see `model.fit.fit`."""
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
    tracker = LandmarkTracker(face_model(model_path)) if paths else None
    return [stretch for path in paths for stretch in read_footage(path, tracker)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="model.train", description=__doc__.split("\n")[0])
    parser.add_argument("--data", choices=["synthetic"], default="synthetic")
    parser.add_argument("--portraits", type=Path, help="folder of face photographs")
    parser.add_argument(
        "--footage", type=Path, nargs="+", default=[], help="videos of faces to add movements to"
    )
    parser.add_argument(
        "--motions", nargs="+", choices=MOTIONS, default=MOTIONS, help="models of how skin moves"
    )
    parser.add_argument("--face-model", type=Path, help="face_landmarker.task to find faces with")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--start-from", type=Path, help="engine folder whose weights to start from")
    parser.add_argument(
        "--shares",
        type=float,
        nargs=3,
        metavar=("DISPLACEMENT", "FUSION", "JOINT"),
        help="of the run for each phase, when it does not begin from nothing",
    )
    parser.add_argument("--rates", type=float, default=1.0, help="factor of all learning rates")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float)
    length.add_argument("--steps", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seed", type=int, default=TrainSettings().seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw pairs")
    parser.add_argument("--save-every-s", type=float, default=120.0)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(given.threads)
    try:
        portraits = gather_portraits(given.portraits, given.output, given.face_model)
        seen, held_out = split(portraits)
        log.info("%d identities to train on, %d held out", len(seen), len(held_out))
        train(
            seen,
            given.output,
            Length(given.steps, given.minutes),
            _settings(given),
            recipe=Recipe(motions=tuple(given.motions)),
            footage=gather_footage(given.footage, given.face_model),
            resume=given.resume,
            start_from=given.start_from,
            workers=given.workers,
            save_every_s=given.save_every_s,
        )
    except FleetingError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


def _settings(given: argparse.Namespace) -> TrainSettings:
    settings = TrainSettings(seed=given.seed)
    return replace(settings, phases=scaled(settings.phases, given.shares, given.rates))


if __name__ == "__main__":
    sys.exit(main())
