"""What is left to do is done, and the table is written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from realtime.batch.films_analysed import analyse_films
from realtime.batch.table import BatchRow, shown, write_table
from realtime.batch.videos import films_of
from realtime.dashboard.words import printable
from realtime.errors import NothingJudged, SettingsError
from realtime.export.safe_text import counted
from realtime.recording.session_record import SessionOutcome
from realtime.retention.tidy import tidy_at_start
from realtime.study.participants import add_participants, read_participants
from realtime.study.study import ARCHIVE

_OURS = ("--source", "--camera", "--demo", "--output", "--no-record", "--pace", "--dashboard")
_OF_TABLE = ("--participant", "--condition")  # where a table says whose films they are


def analyse_folder(
    given: Path,
    flags: Sequence[str] = (),
    *,
    output: Path = Path("sessions"),
    workers: int = 1,
    again: bool = False,
) -> int:
    """Analyse what is left to do, write the table and print it.

    Args:
        given: a folder of videos, or a table of them, which says whose each is.
        flags: for `fleeting live`.
        workers: videos at once.
        again: also what has been analysed.

    Returns:
        0; 1 if a video could not be analysed; 8 if one could not be judged; 130 if it was
        interrupted.

    Raises:
        DataError: there is no video, or the table names one that is not there.
        SettingsError: the flags are not options, or such as the batch sets itself.
        RecordingError: the table cannot be written.
    """
    check_flags(flags, of_table=given.is_file())
    if output.resolve() == given.resolve():
        raise SettingsError("--output needs a folder of its own, not that of the videos")
    films = films_of(given, output)
    read_participants(output)  # what cannot be added to is said before hours of analysis
    for line in tidy_at_start(output):
        sys.stderr.write(f"fleeting: {printable(line)}\n")
    rows, left = analyse_films(films, flags, output, workers, again)
    write_table(output / ARCHIVE, rows)
    add_participants(output, [(film.participant, film.condition) for film in films])
    return say(rows, left, len(films), str(output / ARCHIVE))


def say(rows: Sequence[BatchRow], left: int, count: int, where: str) -> int:
    """Print the table; the exit code, as of `analyse_folder`.

    Args:
        left: of `count` videos, because somebody stopped it.
        where: the table was written.
    """
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(shown(rows))
    if left:
        sys.stderr.write(f"stopped with {left} of {count} to do; the same command goes on\n")
        return 130
    console.print(
        f"{printable(where)}: {counted(len(rows), 'video')}", highlight=False, markup=False
    )
    kinds = {row.status for row in rows}
    if kinds & {SessionOutcome.FAILED.value, SessionOutcome.STOPPED.value}:
        return 1
    return NothingJudged.exit_code if SessionOutcome.NOT_JUDGED.value in kinds else 0


def check_flags(flags: Sequence[str], *, of_table: bool) -> None:
    """Raises SettingsError on what is no option of `fleeting live`, or is set by the batch."""
    if flags and not flags[0].startswith("-"):
        raise SettingsError(f"one folder is needed; {flags[0]} is one too many")
    for flag in flags:
        name = flag.partition("=")[0]
        if name in _OURS or (of_table and name in _OF_TABLE):
            raise SettingsError(f"{name} is set by the batch; leave it out")
