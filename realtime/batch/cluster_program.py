"""`fleeting batch --cluster`: the videos of a folder, on the machines of a Ray cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from realtime.batch.cluster import ClusterJob, rows_of
from realtime.batch.program import check_flags, say
from realtime.batch.remote_folder import RemoteFile, RemoteFolder, is_remote
from realtime.batch.table import BatchRow, row_of, write_table
from realtime.batch.videos import SUFFIXES, BatchFilm, films_of, is_video
from realtime.dashboard.words import printable
from realtime.errors import DataError, SettingsError
from realtime.recording.session_folder import RECORD
from realtime.recording.session_record import SessionOutcome
from realtime.study.participants import NAME as PARTICIPANTS
from realtime.study.participants import add_participants
from realtime.study.study import ARCHIVE


def analyse_on_cluster(
    given: str, flags: Sequence[str], *, output: str, workers: int, again: bool
) -> int:
    """Analyse what is left to do, write the table and print it.

    Args:
        given: folder of videos, or a table of them: a path that every machine has; or the address
            of a folder.
        flags: for `fleeting live`.
        output: folder, as `given`.
        workers: videos at once on this machine, where RAY_ADDRESS names no cluster.
        again: also what has been analysed.

    Returns:
        The exit code, as of `analyse_folder`.

    Raises:
        DataError: there is no video, a folder cannot be reached, Ray is missing or no cluster
            answers.
        SettingsError: the flags are not options, or such as the batch sets itself.
        RecordingError: the table cannot be written.
    """
    check_flags(flags, of_table=not is_remote(given) and Path(given).is_file())
    if given.rstrip("/") == output.rstrip("/"):
        raise SettingsError("--output needs a folder of its own, not that of the videos")
    if not is_remote(output):
        output = str(Path(output).absolute())
        Path(output).mkdir(parents=True, exist_ok=True)
    jobs = [
        ClusterJob(source, file, film, output, tuple(flags), again)
        for source, file, film in _found(given, output)
    ]
    rows = dict.fromkeys((job.film.name for job in jobs), None) | _analyse(jobs, workers)
    stopped = SessionOutcome.STOPPED.value
    done = [row or row_of(name, Path(output), None, stopped) for name, row in rows.items()]
    left = sum(row is None for row in rows.values())
    where = _write(output, done, [job.film for job in jobs])
    return say(done, left, len(jobs), where)


def _found(given: str, output: str) -> Iterator[tuple[str, RemoteFile, BatchFilm]]:
    """Every video: the folder it lies in, the file there, and whose it is."""
    if not is_remote(given):
        for film in films_of(Path(given), Path(output)):
            path = film.path.absolute()
            about = path.stat()
            file = RemoteFile(film.name, about.st_size, about.st_mtime)
            yield given, file, replace(film, path=path)
        return
    folder = RemoteFolder(given)
    files = folder.files()
    sessions = {PurePosixPath(f.name).parent for f in files if f.name.endswith(f"/{RECORD}")}
    own = f"{output.removeprefix(given.rstrip('/') + '/')}/" if output.startswith(given) else None
    videos = [
        file
        for file in files
        if is_video(PurePosixPath(file.name))
        and not (own is not None and file.name.startswith(own))
        and not sessions & set(PurePosixPath(file.name).parents)
    ]
    if not videos:
        raise DataError(f"{folder.shown} holds no video ({', '.join(sorted(SUFFIXES))})")
    for file in videos:
        yield given, file, BatchFilm(Path(file.name), file.name)


def _analyse(jobs: Sequence[ClusterJob], workers: int) -> dict[str, BatchRow]:
    """Rows by name, of those that were done when somebody stopped it."""
    rows: dict[str, BatchRow] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    try:
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
            task = bar.add_task("analysing", total=sum(job.file.size for job in jobs))
            for ended in rows_of(jobs, workers):
                if ended is None:
                    continue
                job, row = ended
                rows[job.film.name] = row
                at = f"{len(rows)} of {len(jobs)}: {printable(job.film.name)}"
                bar.print(at, markup=False, highlight=False)
                bar.advance(task, job.file.size)
    except KeyboardInterrupt:
        pass
    return rows


def _write(output: str, rows: Sequence[BatchRow], films: Sequence[BatchFilm]) -> str:
    """The table and the participants; where the table is."""
    named = [(film.participant, film.condition) for film in films]
    if not is_remote(output):
        write_table(Path(output) / ARCHIVE, rows)
        add_participants(Path(output), named)
        return str(Path(output) / ARCHIVE)
    away = RemoteFolder(output)
    with tempfile.TemporaryDirectory(prefix="fleeting-") as name:
        here = Path(name)
        for file in away.files():
            if file.name == PARTICIPANTS:
                away.fetch(file, here / PARTICIPANTS)
        write_table(here / ARCHIVE, rows)
        add_participants(here, named)
        away.put(here, [path.name for path in here.iterdir()])
    return f"{away.shown}/{ARCHIVE}"
