"""Every video of a folder becomes a session, and a row of `archive.csv`: `fleeting batch`."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, fields
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from realtime.atomic_file import write_whole
from realtime.dashboard.words import printable
from realtime.errors import DataError, SettingsError
from realtime.recording.session import open_session
from realtime.recording.session_record import Outcome

SUFFIXES = {
    *(".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".mts"),
    *(".m2ts", ".ts", ".mxf", ".ogv", ".3gp"),
}
TABLE = "archive.csv"
_ASK_TO_END = signal.SIGINT if os.name == "posix" else signal.SIGTERM


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One video in `archive.csv`."""

    video: str  # below the folder
    minutes: float
    judged_minutes: float  # in which the face was assessable
    flagged: int  # and not retracted
    flagged_per_judged_minute: float | None
    rejected: int
    session: str  # below the output folder; "" if there is none
    trouble: str  # what the program said when it could not


def videos(folder: Path) -> list[Path]:
    """Every video at or below a folder, by name.

    Raises:
        DataError: there is none.
    """
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise DataError(f"{folder} holds no video ({', '.join(sorted(SUFFIXES))})")
    return found


def whole_session(folder: Path) -> Path | None:
    """The newest session below a folder that was not cut short."""
    for header in sorted(folder.glob("*/session.json"), reverse=True):
        record = open_session(header.parent).record
        if record is not None and record.outcome in (Outcome.DONE, Outcome.NOT_JUDGED):
            return header.parent
    return None


class Analysts:
    """Runs the program on one video after another, in `workers` processes at once."""

    def __init__(self, workers: int, flags: Sequence[str]) -> None:
        self._flags = flags
        self._pool = ThreadPoolExecutor(workers, "analyst")
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def analyse(self, jobs: Iterable[tuple[Path, Path]]) -> Iterator[tuple[Path, str]]:
        """For each (video, its output folder), as they are done: the video, and what went wrong."""
        waiting = {self._pool.submit(self._run, *job): job[0] for job in jobs}
        for done in as_completed(waiting):
            yield waiting[done], done.result()

    def stop(self) -> None:
        """Ask those that run to end, as Ctrl-C does, and begin no other."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.send_signal(_ASK_TO_END)
        self._pool.shutdown(cancel_futures=True)

    def _run(self, video: Path, output: Path) -> str:
        command = [
            *(sys.executable, "-m", "run_live", "--source", str(video), "--pace", "fast"),
            *("--dashboard", "none", "--output", str(output), *self._flags),
        ]
        with self._lock:
            if self._stopped:
                return "stopped"
            process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C reaches it through `stop`, once
            )
            self._running.add(process)
        _, said = process.communicate()
        with self._lock:
            self._running.discard(process)
        lines = said.strip().splitlines() or [f"it ended with code {process.returncode}"]
        return "" if process.returncode == 0 else lines[-1].removeprefix("fleeting: ")


def row_of(video: str, output: Path, session: Path | None, trouble: str) -> BatchRow:
    if session is None:
        return BatchRow(video, 0.0, 0.0, 0, None, 0, "", trouble)
    read = open_session(session)
    judged = read.judged.judged_s / 60
    kinds = [event.kind for event in read.events]
    flagged = kinds.count("micro")
    return BatchRow(
        video,
        round(read.judged.seen_s / 60, 3),
        round(judged, 3),
        flagged,
        round(flagged / judged, 3) if judged else None,
        kinds.count("rejected"),
        str(session.relative_to(output)),
        trouble,
    )


def write_table(path: Path, rows: Sequence[BatchRow]) -> None:
    """Whole or not at all.

    Raises:
        RecordingError: it cannot be written.
    """
    names = [field.name for field in fields(BatchRow)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = (getattr(row, name) for name in names)
        writer.writerow(["" if value is None else value for value in values])
    write_whole(path, text.getvalue().encode())


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
        0; 1 if a video could not be analysed; 130 if it was interrupted.

    Raises:
        DataError: the folder holds no video.
        SettingsError: the flags are not options.
        RecordingError: the table cannot be written.
    """
    if flags and not flags[0].startswith("-"):
        raise SettingsError(f"one folder is needed; {flags[0]} is one too many")
    found = videos(folder)
    rows, left = _analyse_all(found, folder, flags, output, workers, again)
    write_table(output / TABLE, rows)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_shown(rows))
    if left:
        sys.stderr.write(f"stopped with {left} of {len(found)} to do; the same command goes on\n")
        return 130
    console.print(f"{output / TABLE}: {len(rows)} videos", highlight=False)
    return 1 if any(row.trouble for row in rows) else 0


def _analyse_all(
    found: Sequence[Path],
    folder: Path,
    flags: Sequence[str],
    output: Path,
    workers: int,
    again: bool,
) -> tuple[list[BatchRow], int]:
    """A row for every video, and how many were left to do when somebody stopped it."""
    outputs = {
        video: output / video.relative_to(folder).as_posix().replace("/", " - ") for video in found
    }
    todo = [v for v in found if again or whole_session(outputs[v]) is None]
    analysts = Analysts(workers, flags)
    trouble = dict.fromkeys(found, "")
    stopped = False
    try:
        done = analysts.analyse((video, outputs[video]) for video in todo)
        bar = Console(stderr=True)
        for video, said in track(done, "analysing", len(todo), console=bar, disable=not todo):
            trouble[video] = said
    except KeyboardInterrupt:
        analysts.stop()
        stopped = True
    sessions = {video: whole_session(output) for video, output in outputs.items()}
    rows = [
        row_of(video.relative_to(folder).as_posix(), output, session, trouble[video])
        for video, session in sessions.items()
    ]
    return rows, sum(sessions[video] is None for video in todo) if stopped else 0


def _shown(rows: Sequence[BatchRow]) -> Table:
    table = Table(title="archive", title_justify="left")
    for heading in ("video", "minutes", "judged", "flagged", "a minute", "trouble"):
        table.add_column(heading, justify="left" if heading in ("video", "trouble") else "right")
    for row in rows:
        rate = row.flagged_per_judged_minute
        table.add_row(
            printable(row.video),
            f"{row.minutes:.1f}",
            f"{row.judged_minutes:.1f}",
            str(row.flagged),
            "" if rate is None else f"{rate:.2f}",
            printable(row.trouble),
        )
    return table
