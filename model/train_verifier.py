"""Train the spotter's verifier: `python -m model.train_verifier --output DIR`.

Micro-expressions of the generator are added to videos of faces (--footage) and to simulated
people; the live path's front end watches them; boosted trees learn which of its sightings were
movements that had been added.  Everything played is kept in DIR: a run that was cut goes on.
Ends by writing DIR/verifier.npz, with its report beside it; `--install` makes it the shipped one.

Train on videos you may use.  One that is to be scored must not be among them.  A video may hold a
brief movement of its own, which would be learned as a false alarm: look where the spotter flags
your footage, and leave such a moment out with --cut.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2

from model.progress import progress
from model.spotting.boosted_trees import cross_fit, export, fit_stage
from model.spotting.face_footage import read_recording, without
from model.spotting.jobs import Job, load, plan, run, save
from model.spotting.operating_point import BUDGETS, operating_table
from model.synthetic.portraits import find_portraits, load_cache, save_cache, split
from model.synthetic.skin_models import LEARNED, SKINS
from realtime.errors import DataError, FleetingError, SettingsError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.verifier import SHIPPED, STAGES

log = logging.getLogger(__name__)


def prepare(given: argparse.Namespace) -> Iterator[tuple[Job, Path]]:
    """Jobs that have yet to be played, and where their outcome goes."""
    tracker = LandmarkTracker(face_model(given.face_model))
    cache = given.output / "portraits.npz"
    if not cache.exists():
        save_cache(cache, find_portraits(given.portraits, tracker))
    portraits, held_out = split(load_cache(cache))
    log.info("%d portraits to train on, %d held out", len(portraits), len(held_out))
    recordings = [
        without(
            read_recording(path, tracker), [(a, b) for name, a, b in given.cut if name == path.name]
        )
        for path in given.footage
    ]
    jobs = plan(
        recordings,
        portraits,
        passes=given.passes,
        simulated=given.simulated,
        talkers=given.talkers,
        motions=tuple(given.motions),
    )
    for number, job in enumerate(jobs):
        path = given.output / "played" / f"{number:05d}.npz"
        if not path.exists():
            yield job, path


def cut_of(text: str) -> tuple[str, float, float]:
    """VIDEO:FROM-TO, seconds."""
    try:
        name, span = text.rsplit(":", 1)
        first, last = (float(part) for part in span.split("-"))
    except ValueError:
        first, last = 1.0, 0.0
    if not 0 <= first < last:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not VIDEO:FROM-TO in seconds, like a.mp4:2.5-4"
        )
    return name, first, last


class _Player:
    """A process that plays jobs; it is given all of them once, since they share their frames."""

    jobs: Sequence[tuple[Job, Path]] = ()

    @classmethod
    def start(cls, jobs: Sequence[tuple[Job, Path]]) -> None:
        cv2.setNumThreads(1)
        cls.jobs = jobs

    @classmethod
    def play(cls, seed: int, number: int) -> None:
        job, path = cls.jobs[number]
        save(path, run(job, seed))


def play_all(jobs: Sequence[tuple[Job, Path]], seed: int, workers: int) -> None:
    # spawned: the landmark model's threads in this process would leave a forked child locked
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _Player.start, (jobs,)
    ) as pool:
        done = pool.map(partial(_Player.play, seed), range(len(jobs)))
        for _ in progress(done, "playing", len(jobs)):
            pass


def fit(folder: Path, leave_out: Sequence[str]) -> dict[str, object]:
    """Fit to everything played in `folder`; writes verifier.npz and returns the report.

    Raises:
        DataError: nothing has been played.
    """
    played = [load(path) for path in sorted((folder / "played").glob("[0-9]*[0-9].npz"))]
    played = [p for p in played if p.rows and p.group not in leave_out]
    if not played:
        raise DataError(f"{folder}/played holds nothing to learn from")
    judged, platt = cross_fit(played)
    operating = operating_table(judged)
    models = {stage: fit_stage(played, stage) for stage in STAGES}
    export(folder / "verifier.npz", models, platt, operating)
    groups = sorted({p.group for p in played})
    return {
        "groups": groups,
        "left_out": sorted(leave_out),
        "minutes": round(sum(p.seconds for p in played) / 60, 1),
        "events": sum(p.events for p in played),
        "cross-fitted": [
            {"budget": float(b), "alarms_per_min": round(float(a), 3), "recall": round(float(r), 3)}
            for b, a, r in zip(BUDGETS, operating.alarms_per_min, operating.recall, strict=True)
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="model.train_verifier",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--footage", type=Path, nargs="+", default=[], help="videos of faces")
    parser.add_argument(
        "--cut",
        type=cut_of,
        nargs="+",
        default=[],
        metavar="VIDEO:FROM-TO",
        help="seconds of a video of --footage to leave out",
    )
    parser.add_argument("--portraits", type=Path, help="folder of face photographs")
    parser.add_argument("--passes", type=int, default=24, help="over each video")
    parser.add_argument("--simulated", type=int, default=96, help="recordings of half a minute")
    parser.add_argument("--talkers", type=int, default=96, help="more of them, of people who talk")
    parser.add_argument(
        "--motions", nargs="+", choices=SKINS, default=LEARNED, help="models of how skin moves"
    )
    parser.add_argument("--leave-out", nargs="+", default=[], help="videos or groups not learned")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--face-model", type=Path, help="face_landmarker.task")
    parser.add_argument("--save", type=Path, help="copy the verifier there")
    parser.add_argument("--install", action="store_true", help="make it the shipped verifier")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        for path in given.footage:
            if not path.is_file():
                raise SettingsError(f"--footage {path}: there is no such file")
        for name, *_ in given.cut:
            if name not in {path.name for path in given.footage}:
                raise SettingsError(f"--cut {name}: no video of --footage has this name")
        (given.output / "played").mkdir(parents=True, exist_ok=True)
        todo = list(prepare(given))
        play_all(todo, given.seed, given.workers)
        report = fit(given.output, given.leave_out)
        (given.output / "report.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
        if given.save:
            shutil.copyfile(given.output / "verifier.npz", given.save)
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
        if given.install:
            shutil.copyfile(given.output / "verifier.npz", SHIPPED)
    except FleetingError as error:
        sys.stderr.write(f"model.train_verifier: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the same command goes on\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
