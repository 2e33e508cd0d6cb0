"""Run the folds of a protocol, one after another or on Ray, whatever a fold does.

Called by the trainer and the benchmarks with the folds of `model.evaluation.protocol`.  The output
folder is that of `model.evaluation.run_folder`: a fold whose predictions stand there is not run
again, so a run that was killed goes on where it was.  With Ray the results are the same to the last
digit, because a fold hangs on nothing but its records, the number of threads and a seed made from
its name.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from model.evaluation.protocol import Fold
from model.evaluation.run_folder import (
    PREDICTIONS,
    Prediction,
    claim,
    read_predictions,
    write_predictions,
)
from realtime.errors import DataError
from realtime.extras import install_command

log = logging.getLogger(__name__)

STOP_S = 10  # for folds on Ray to end when the run is broken off

Work = Callable[[Fold, Path], list[Prediction]]
Outcomes = Generator[tuple[Fold, list[Prediction] | Exception]]


def fold_seed(seed: int, name: str) -> int:
    """Seed of a fold, 0 to 2^32 - 1: the same in any order, process and machine."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4])


def run_folds(
    folds: Sequence[Fold],
    work: Work,
    output: Path,
    *,
    settings: Mapping[str, Any],
    cluster: bool = False,
    workers: int = 2,
    threads: int = 1,
) -> dict[str, list[Prediction]]:
    """Predictions of every fold, by name, in the order of `folds`.

    Args:
        work: trains on `fold.train` and predicts each of `fold.test` once.  It must pickle, draw
            all its random numbers from `fold_seed`, and carry nothing over to the next fold.  Its
            folder is `output / fold.name`, with what an earlier run that was cut left in it; on
            Ray a temporary one, since machines share no disk.
        settings: all that the predictions hang on besides folds and threads, as JSON can hold it:
            the data, the seed, the trainer's settings.  A run with others is not resumed.
        cluster: run on Ray, on the cluster that RAY_ADDRESS names or one started here.  Folds get
            no GPU there, and every machine needs this package and the data under the same path.
        workers: folds at a time on a Ray started here.
        threads: of torch in each fold.

    Raises:
        DataError: if the folder is of a run with other settings, Ray is not to be had, a file
            cannot be read or written, or, after all other folds have ended, if any fold failed.
    """
    if len({fold.name for fold in folds}) < len(folds):
        raise ValueError("two folds have the same name")
    splits = json.dumps([astuple(fold) for fold in folds])
    stated = {"folds": hashlib.sha256(splits.encode()).hexdigest(), "threads": threads}
    claim(output, {**settings, **stated})
    left = [fold for fold in folds if not (output / fold.name / PREDICTIONS).exists()]
    if len(left) < len(folds):
        log.info("%d of %d folds stand already", len(folds) - len(left), len(folds))
    if cluster and left:
        outcomes = _on_ray(left, work, workers, threads)
    else:
        outcomes = _one_by_one(left, work, output, threads)
    failures: dict[str, Exception] = {}
    columns = (TextColumn("folds"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console()
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar, closing(outcomes):
        task = bar.add_task("folds", total=len(folds), completed=len(folds) - len(left))
        for count, (fold, outcome) in enumerate(outcomes, len(folds) - len(left) + 1):
            if isinstance(outcome, Exception):
                failures[fold.name] = outcome
                log.error("fold %s failed", fold.name, exc_info=outcome)
            else:
                write_predictions(output / fold.name / PREDICTIONS, outcome)
            bar.update(task, completed=count)
            if not console.is_terminal:
                log.info("fold %s ended, %d of %d", fold.name, count, len(folds))
    if failures:
        listed = "; ".join(f"{name} ({_in_short(error)})" for name, error in failures.items())
        raise DataError(
            f"{len(failures)} of {len(folds)} folds failed: {listed}.  The others are kept in"
            f" {output}: the same command runs only these again"
        )
    return {fold.name: read_predictions(output / fold.name / PREDICTIONS) for fold in folds}


def _perform(fold: Fold, work: Work, folder: Path, threads: int) -> list[Prediction]:
    folder.mkdir(parents=True, exist_ok=True)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        predictions = work(fold, folder)
    finally:
        torch.set_num_threads(before)
    if sorted(prediction.index for prediction in predictions) != sorted(fold.test):
        raise DataError("the records predicted are not those to be tested, each once")
    if not all(math.isfinite(p) for each in predictions for p in each.probabilities):
        raise DataError("a probability is not a number")
    return predictions


def _one_by_one(folds: Sequence[Fold], work: Work, output: Path, threads: int) -> Outcomes:
    for fold in folds:
        outcome: list[Prediction] | Exception
        try:
            outcome = _perform(fold, work, output / fold.name, threads)
        except Exception as error:  # whatever a fold raises, the others go on
            outcome = error
        yield fold, outcome


def _on_ray(folds: Sequence[Fold], work: Work, workers: int, threads: int) -> Outcomes:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # both are read when ray is imported
    address = os.environ.get("RAY_ADDRESS")
    if address:  # one try for a cluster that does not answer lasts 40 s, and Ray makes twenty
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")
    try:
        import ray
    except ImportError as error:
        raise DataError(
            "folds on a cluster need Ray, which is not installed: "
            f"{install_command('cluster')}, or run them without --cluster"
        ) from error
    own: dict[str, Any] = {"address": "local", "num_cpus": workers * threads}
    waiting: dict[Any, Fold] = {}
    try:
        _join(ray, {"address": address} if address else {**own, "include_dashboard": False})
        # A fold whose process dies is reported, not tried again: it would run out of memory again.
        perform = ray.remote(num_cpus=threads, max_retries=0)(_perform_away)
        shared = ray.put(work)
        waiting = {perform.remote(fold, shared, threads): fold for fold in folds}
        while waiting:
            (ended,), _ = ray.wait(list(waiting))
            fold = waiting.pop(ended)
            outcome: list[Prediction] | Exception
            try:
                outcome = ray.get(ended)
            except ray.exceptions.RayError as error:
                outcome = error
            yield fold, outcome
    finally:
        for task in waiting:  # a fold that is stopped removes its temporary folder
            ray.cancel(task)
        if waiting:
            ray.wait(list(waiting), num_returns=len(waiting), timeout=STOP_S)
        ray.shutdown()


def _join(ray: ModuleType, place: dict[str, Any]) -> None:
    try:
        ray.init(**place, log_to_driver=False, logging_level=logging.WARNING)
    except ConnectionError as error:
        raise DataError(
            f"no Ray cluster answers at {place['address']}: start one there, or unset RAY_ADDRESS"
        ) from error


def _perform_away(fold: Fold, work: Work, threads: int) -> list[Prediction]:
    with tempfile.TemporaryDirectory(prefix="fleeting-fold-") as folder:
        return _perform(fold, work, Path(folder) / fold.name, threads)


def _in_short(error: Exception) -> str:
    cause = getattr(error, "cause", None) or error  # what Ray wraps
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"
