"""Videos as tasks of a Ray cluster: `fleeting batch --cluster`.

Every video is one task, run by whichever machine is free, also one that joined later.  A task
whose machine or process dies is run again.  A task looks first whether its video has been analysed,
so the same command goes on where it was stopped, from any machine.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from realtime.batch.films_analysed import analyse_films
from realtime.batch.remote_folder import RemoteFile, RemoteFolder, is_remote
from realtime.batch.table import BatchRow, row_of
from realtime.batch.videos import BatchFilm
from realtime.errors import DataError, FleetingError
from realtime.extras import install_command

RETRIES = 3  # of a video whose process or machine died
_STOP_S = 30.0  # for what runs, after Ctrl-C
_LOOK_S = 0.5
_CORES = 2  # that a video keeps busy: one for the face, one for decoding and clips


@dataclass(frozen=True, slots=True)
class ClusterJob:
    """One video, as a machine of the cluster needs it.

    Args:
        source: folder that the video lies in, a path that every machine has or an address.
        file: there; its size is checked against nothing, its time tells whether it was replaced.
        film: of a path on every machine; of an address its path is filled in on that machine.
        output: folder of all sessions, as `source`.
        flags: for `fleeting live`.
        again: also if it has been analysed.
    """

    source: str
    file: RemoteFile
    film: BatchFilm
    output: str
    flags: tuple[str, ...]
    again: bool


def rows_of(
    jobs: Sequence[ClusterJob], workers: int
) -> Iterator[tuple[ClusterJob, BatchRow] | None]:
    """For each video, as they are done, its row; None twice a second.

    Args:
        workers: videos at once on this machine, where no cluster is named by RAY_ADDRESS.

    Raises:
        DataError: Ray is not installed, or no cluster answers.
    """
    ray = _load_ray()
    address = os.environ.get("RAY_ADDRESS")
    place: dict[str, Any] = {"address": address} if address else {"address": "local"}
    if not address:
        place |= {"num_cpus": workers * _CORES, "include_dashboard": False}
    waiting: dict[Any, ClusterJob] = {}
    try:
        try:
            ray.init(**place, log_to_driver=False, logging_level=logging.WARNING)
        except ConnectionError as error:
            raise DataError(
                f"no Ray cluster answers at {address}: start one there, or unset RAY_ADDRESS"
            ) from error
        task = ray.remote(num_cpus=_CORES, max_retries=RETRIES)(perform)
        waiting = {task.remote(job): job for job in jobs}
        while waiting:
            ended, _ = ray.wait(list(waiting), timeout=_LOOK_S)
            for reference in ended:
                job = waiting.pop(reference)
                yield job, _row(ray, reference, job)
            if not ended:
                yield None
    finally:
        for reference in waiting:
            ray.cancel(reference)
        if waiting:
            ray.wait(list(waiting), num_returns=len(waiting), timeout=_STOP_S)
        ray.shutdown()


def perform(job: ClusterJob) -> BatchRow:
    """Analyse one video on this machine, if that has not been done, and write its session back."""
    with tempfile.TemporaryDirectory(prefix="fleeting-") as folder:
        film, output = job.film, Path(job.output)
        away = RemoteFolder(job.output) if is_remote(job.output) else None
        before: dict[str, int] = {}
        if away is not None:
            output = Path(folder) / "output"
            away.fetch_records(film.name, output)
            before = _written(output)
        if is_remote(job.source):
            path = Path(folder) / "video" / job.file.name
            RemoteFolder(job.source).fetch(job.file, path)
            film = replace(film, path=path)
        (row,), _ = analyse_films([film], job.flags, output, 1, job.again)
        if away is not None:
            now = _written(output)
            away.put(output, [name for name, when in now.items() if before.get(name) != when])
        return row


def _written(folder: Path) -> dict[str, int]:
    """Every file at or below a folder, with when it was written."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def _row(ray: ModuleType, reference: object, job: ClusterJob) -> BatchRow:
    """Of a task that has ended, also badly: one video does not cost the table."""
    try:
        row: BatchRow = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        told = (
            str(cause) if isinstance(cause, FleetingError) else f"{type(cause).__name__}: {cause}"
        )
        return row_of(job.film.name, Path(job.output), None, told)
    except ray.exceptions.RayError as error:
        told = f"its process died {RETRIES + 1} times: {error}"
        return row_of(job.film.name, Path(job.output), None, told)
    return row


def _load_ray() -> ModuleType:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # both are read when ray is imported
    if os.environ.get("RAY_ADDRESS"):  # one try for a cluster that does not answer lasts 40 s
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")
    try:
        import ray
    except ImportError as error:
        raise DataError(
            f"--cluster needs Ray, which is not installed: {install_command('cluster')}"
        ) from error
    module: ModuleType = ray
    return module
