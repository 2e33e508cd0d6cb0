"""Analyse every video of a folder: `python -m realtime.batch interviews/ --output sessions/`

Each video becomes a session of its own, as `run_live.py --pace fast` makes it, in a folder named
after the video.  What has been analysed to its end is not analysed again, so the same command goes
on where it was stopped, and takes new videos in.  At the end `archive.csv` in the output folder has
a row a video: how long it is, for how long the face could be judged, what was flagged.

What stands behind `--` goes to run_live.py:
python -m realtime.batch interviews/ -- --alarms-per-minute 1 --profile profiles/anna.json
"""

from __future__ import annotations

import argparse
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
from realtime.errors import DataError, FleetingError
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
    judged_minutes: float  # in which the face could be judged
    flagged: int  # and not taken back
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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="realtime.batch",
        usage="%(prog)s FOLDER [--output DIR] [--workers N] [--again] [-- FLAGS OF run_live.py]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="of videos, with folders below it")
    parser.add_argument("--output", type=Path, default=Path("sessions"))
    parser.add_argument("--workers", type=int, default=1, help="videos at once; two cores each")
    parser.add_argument("--again", action="store_true", help="also what has been analysed")
    own, flags = _parted(sys.argv[1:] if arguments is None else arguments)
    given = parser.parse_args(own)
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        found = videos(given.folder)
        rows, left = _analyse_all(found, given, flags)
        write_table(given.output / TABLE, rows)
    except FleetingError as error:
        sys.stderr.write(f"realtime.batch: {error}\n")
        return error.exit_code
    console.print(_shown(rows))
    if left:
        sys.stderr.write(f"stopped with {left} of {len(found)} to do; the same command goes on\n")
        return 130
    console.print(f"{given.output / TABLE}: {len(rows)} videos", highlight=False)
    return 1 if any(row.trouble for row in rows) else 0


def _parted(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What stands before the first `--`, and behind it."""
    at = list(arguments).index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _analyse_all(
    found: Sequence[Path], given: argparse.Namespace, flags: Sequence[str]
) -> tuple[list[BatchRow], int]:
    """A row for every video, and how many were left to do when somebody stopped it."""
    outputs = {
        video: given.output / video.relative_to(given.folder).as_posix().replace("/", " - ")
        for video in found
    }
    todo = [v for v in found if given.again or whole_session(outputs[v]) is None]
    analysts = Analysts(max(given.workers, 1), flags)
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
        row_of(video.relative_to(given.folder).as_posix(), given.output, session, trouble[video])
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


if __name__ == "__main__":
    sys.exit(main())
