"""What is left to do of some films is done on this machine; a row for each of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import av
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from realtime.atomic_file import write_whole
from realtime.batch.table import BatchRow, row_of
from realtime.batch.videos import BatchFilm
from realtime.batch.workers import Workers
from realtime.dashboard.words import printable
from realtime.errors import DataError, RecordingError
from realtime.recording.session_record import SessionOutcome
from realtime.study.study import MADE_OF, name_participant, newest_session


def analyse_films(
    films: Sequence[BatchFilm],
    flags: Sequence[str],
    output: Path,
    workers: int,
    again: bool,
) -> tuple[list[BatchRow], int]:
    """A row for every video, and how many were left to do when somebody stopped it.

    Args:
        flags: for `fleeting live`.
        workers: videos at once.
        again: also what has been analysed.
    """
    todo = [film for film in films if again or not _is_done(film, output, flags)]
    said = dict.fromkeys(films, "")
    undone, stopped = set(todo), False
    pool = Workers(workers, flags)
    try:
        with _progress() as bar:
            task = bar.add_task("analysing", total=sum(frame_count(f.path) for f in todo) or None)
            finished = 0
            for done in pool.analyse((film, output / film.name) for film in todo):
                if done is not None:
                    film, said[film] = done
                    undone.discard(film)
                    finished += frame_count(film.path)
                    said[film] = said[film] or _note(film, output, flags)
                    at = f"{len(todo) - len(undone)} of {len(todo)}: {printable(film.name)}"
                    bar.print(at, markup=False, highlight=False)
                bar.update(task, completed=finished + pool.frames())
    except KeyboardInterrupt:
        pool.stop()
        stopped = True
    rows = []
    for film in films:
        place = output / film.name
        whole = newest_session(place, whole=True) if _is_done(film, output, flags) else None
        session = whole or (newest_session(place, whole=False) if film in todo else None)
        if session is not None and film.participant is not None:
            said[film] = said[film] or _name(session, film)
        trouble = said[film] or (SessionOutcome.STOPPED.value if film in undone else "")
        rows.append(row_of(film.name, output, session, trouble))
    return rows, len(undone) if stopped else 0


def _progress() -> Progress:
    """On the terminal a bar; in a log a line for each video."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def frame_count(video: Path) -> int:
    """Frames of a video by its header; 0 if it does not say."""
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            seconds = (container.duration or 0) / 1e6
            return stream.frames or round(seconds * float(stream.average_rate or 0))
    except (av.FFmpegError, OSError, IndexError, ValueError):
        return 0


def _made_of(video: Path, flags: Sequence[str]) -> dict[str, object]:
    about = video.stat()
    return {"schema": 1, "bytes": about.st_size, "mtime_ns": about.st_mtime_ns, "flags": [*flags]}


def _is_done(film: BatchFilm, output: Path, flags: Sequence[str]) -> bool:
    """Whether this video, as it is now, has been analysed to its end with these flags."""
    place = output / film.name
    try:
        known = json.loads((place / MADE_OF).read_text("utf-8"))
        return known == _made_of(film.path, flags) and newest_session(place, whole=True) is not None
    except (OSError, ValueError):
        return False


def _note(film: BatchFilm, output: Path, flags: Sequence[str]) -> str:
    """Write down what a session was made of; what went wrong, or ""."""
    try:
        data = json.dumps(_made_of(film.path, flags), indent=2) + "\n"
        write_whole(output / film.name / MADE_OF, data.encode("utf-8", "surrogateescape"))
    except (OSError, RecordingError) as error:
        return str(error)
    return ""


def _name(session: Path, film: BatchFilm) -> str:
    """Let a session say what the table says now of whose it is; what went wrong, or ""."""
    try:
        name_participant(session, film.participant or "", film.condition or "")
    except (DataError, RecordingError) as error:
        return str(error)
    return ""
