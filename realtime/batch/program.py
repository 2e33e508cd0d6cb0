"""What is left to do is done, and the table is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import av
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from realtime.atomic_file import write_whole
from realtime.batch.table import TABLE, BatchRow, row_of, shown, write_table
from realtime.batch.videos import output_of, videos
from realtime.batch.workers import Workers
from realtime.dashboard.words import printable
from realtime.errors import DataError, NothingJudged, RecordingError, SettingsError
from realtime.recording.session import open_session
from realtime.recording.session_record import SessionOutcome

_MADE_OF = "batch.json"  # beside the sessions of a video: what they were made of
_OURS = ("--source", "--camera", "--demo", "--output", "--no-record", "--pace", "--dashboard")
_ENDED = (SessionOutcome.DONE, SessionOutcome.NOT_JUDGED)


def analyse_folder(
    folder: Path,
    flags: Sequence[str] = (),
    *,
    output: Path = Path("sessions"),
    workers: int = 1,
    again: bool = False,
) -> int:
    """Analyse what is left to do, write the table and print it.

    Args:
        flags: for `fleeting live`.
        workers: videos at once.
        again: also what has been analysed.

    Returns:
        0; 1 if a video could not be analysed; 8 if one could not be judged; 130 if it was
        interrupted.

    Raises:
        DataError: the folder holds no video.
        SettingsError: the flags are not options, or such as the batch sets itself.
        RecordingError: the table cannot be written.
    """
    _check(folder, flags, output)
    found = videos(folder, output)
    rows, left = _analyse_all(found, folder, flags, output, workers, again)
    write_table(output / TABLE, rows)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(shown(rows))
    if left:
        sys.stderr.write(f"stopped with {left} of {len(found)} to do; the same command goes on\n")
        return 130
    where = printable(str(output / TABLE))
    console.print(f"{where}: {len(rows)} videos", highlight=False, markup=False)
    kinds = {row.status for row in rows}
    if kinds & {SessionOutcome.FAILED.value, SessionOutcome.STOPPED.value}:
        return 1
    return NothingJudged.exit_code if SessionOutcome.NOT_JUDGED.value in kinds else 0


def whole_session(folder: Path) -> Path | None:
    """The newest session below a folder that was analysed to its end."""
    return next((session for session in _sessions(folder) if _outcome(session) in _ENDED), None)


def _check(folder: Path, flags: Sequence[str], output: Path) -> None:
    if flags and not flags[0].startswith("-"):
        raise SettingsError(f"one folder is needed; {flags[0]} is one too many")
    for flag in flags:
        name = flag.partition("=")[0]
        if name in _OURS:
            raise SettingsError(f"{name} is set by the batch; leave it out")
    if output.resolve() == folder.resolve():
        raise SettingsError("--output needs a folder of its own, not that of the videos")


def _analyse_all(
    found: Sequence[Path],
    folder: Path,
    flags: Sequence[str],
    output: Path,
    workers: int,
    again: bool,
) -> tuple[list[BatchRow], int]:
    """A row for every video, and how many were left to do when somebody stopped it."""
    outputs = {video: output_of(video, folder, output) for video in found}
    todo = [v for v in found if again or not _is_done(v, outputs[v], flags)]
    said = dict.fromkeys(found, "")
    undone, stopped = set(todo), False
    pool = Workers(workers, flags)
    try:
        with _progress() as bar:
            task = bar.add_task("analysing", total=sum(map(frame_count, todo)) or None)
            finished = 0
            for done in pool.analyse((video, outputs[video]) for video in todo):
                if done is not None:
                    video, said[video] = done
                    undone.discard(video)
                    finished += frame_count(video)
                    said[video] = said[video] or _note(video, outputs[video], flags)
                    name = printable(video.relative_to(folder).as_posix())
                    at = f"{len(todo) - len(undone)} of {len(todo)}: {name}"
                    bar.print(at, markup=False, highlight=False)
                bar.update(task, completed=finished + pool.frames())
    except KeyboardInterrupt:
        pool.stop()
        stopped = True
    rows = []
    for video in found:
        sessions = _sessions(outputs[video])
        whole = whole_session(outputs[video]) if _is_done(video, outputs[video], flags) else None
        session = whole or (sessions[0] if sessions and video in todo else None)
        trouble = said[video] or (SessionOutcome.STOPPED.value if video in undone else "")
        name = video.relative_to(folder).as_posix()
        rows.append(row_of(name, output, session, trouble))
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


def _is_done(video: Path, output: Path, flags: Sequence[str]) -> bool:
    """Whether this video, as it is now, has been analysed to its end with these flags."""
    try:
        known = json.loads((output / _MADE_OF).read_text("utf-8"))
        return known == _made_of(video, flags) and whole_session(output) is not None
    except (OSError, ValueError):
        return False


def _note(video: Path, output: Path, flags: Sequence[str]) -> str:
    """Write down what a session was made of; what went wrong, or ""."""
    try:
        data = json.dumps(_made_of(video, flags), indent=2) + "\n"
        write_whole(output / _MADE_OF, data.encode("utf-8", "surrogateescape"))
    except (OSError, RecordingError) as error:
        return str(error)
    return ""


def _sessions(folder: Path) -> list[Path]:
    """Session folders below a folder, the newest first."""
    try:
        return [header.parent for header in sorted(folder.glob("*/session.json"), reverse=True)]
    except OSError:
        return []


def _outcome(session: Path) -> SessionOutcome | None:
    try:
        record = open_session(session).record
    except DataError:
        return None
    return None if record is None else record.outcome
