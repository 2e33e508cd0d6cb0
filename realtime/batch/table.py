"""`archive.csv`: a row for every video, whatever became of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from rich.table import Table
from rich.text import Text

from realtime.atomic_file import write_whole
from realtime.dashboard import words
from realtime.dashboard.advice import cut_off, nothing_judged, unused_frames
from realtime.errors import DataError
from realtime.export.safe_text import csv_cell
from realtime.recording.session import Session, open_session
from realtime.recording.session_record import SessionOutcome, SessionRecord
from realtime.status import EngineCounts


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One video in `archive.csv`."""

    video: str  # below the folder
    status: str  # "done", "stopped", "failed" or "not judged"
    minutes: float
    judged_minutes: float  # in which the face was assessable
    not_judged: str  # seconds by reason
    frames_read: int
    frames_undecodable: int
    frames_refused: int
    frames_analysed: int
    frames_dropped: int
    flagged: int  # and not retracted
    flagged_per_judged_minute: float | None
    rejected: int
    engine: str  # which, or "motion only"
    engine_answered: int
    engine_failed: int
    engine_refused: int
    engine_restarted: int
    session: str  # below the output folder; "" if there is none
    trouble: str  # why it is not done, or what is left out


def row_of(video: str, output: Path, session: Path | None, said: str) -> BatchRow:
    """The row of a video.

    Args:
        session: its session; None: there is none.
        said: by the program when it could not analyse it, or "".
    """
    if session is None:
        status = (
            SessionOutcome.STOPPED
            if said == SessionOutcome.STOPPED.value
            else SessionOutcome.FAILED
        )
        return _row(video, status, None, "", said or "there is no session")
    where = session.relative_to(output).as_posix()
    try:
        read = open_session(session)
        return _of_session(video, read, where, said)
    except DataError as error:
        return _row(video, SessionOutcome.FAILED, None, where, said or str(error))


def _of_session(video: str, read: Session, where: str, said: str) -> BatchRow:
    record = read.record
    outcome = SessionOutcome.FAILED if record is None else record.outcome
    kinds = [event.kind for event in read.events]
    trouble = [said, *read.troubles]
    if record is not None and record.ended is not None and record.ended.error and not said:
        trouble.append(record.ended.error)
    if record is not None and record.counts is not None:
        trouble.append(unused_frames(record.counts.frames) or "")
        trouble.append(cut_off(record.counts.seconds) or "")
        if outcome is SessionOutcome.NOT_JUDGED and not said:
            trouble.append(nothing_judged(record.counts.seconds, live=False))
    told = "; ".join(part for part in trouble if part)
    if outcome is not SessionOutcome.DONE and not told:
        told = "it was cut short" if outcome is SessionOutcome.FAILED else outcome.value
    judged = read.judged
    return _row(
        video,
        outcome,
        record,
        where,
        told,
        minutes=judged.seen_s / 60,
        judged=judged.judged_s / 60,
        not_judged=", ".join(f"{why} {lost:.1f} s" for why, lost in judged.not_judged_s.items()),
        flagged=kinds.count("micro"),
        rejected=kinds.count("rejected"),
    )


def _row(
    video: str,
    outcome: SessionOutcome,
    record: SessionRecord | None,
    session: str,
    trouble: str,
    *,
    minutes: float = 0.0,
    judged: float = 0.0,
    not_judged: str = "",
    flagged: int = 0,
    rejected: int = 0,
) -> BatchRow:
    counts = None if record is None else record.counts
    frames = None if counts is None else counts.frames
    engine = (None if counts is None else counts.engine) or EngineCounts()
    return BatchRow(
        video,
        outcome.value,
        round(minutes, 3),
        round(judged, 3),
        not_judged,
        *(
            (0,) * 5
            if frames is None
            else (
                *(frames.read, frames.undecodable, frames.refused),
                *(frames.analysed, frames.dropped),
            )
        ),
        flagged,
        round(flagged / judged, 3) if judged else None,
        rejected,
        "" if record is None else record.engine,
        *(engine.answered, engine.failed, engine.refused, engine.restarted),
        session,
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
        writer.writerow(
            ["" if v is None else csv_cell(v) if isinstance(v, str) else v for v in values]
        )
    write_whole(path, text.getvalue().encode("utf-8", "surrogateescape"))


def shown(rows: Sequence[BatchRow]) -> Table:
    """For the screen: the columns that matter most."""
    table = Table(title="archive", title_justify="left")
    for heading in ("video", "status", "minutes", "judged", "flagged", "a minute", "trouble"):
        words_of = heading in ("video", "status", "trouble")
        table.add_column(heading, justify="left" if words_of else "right", overflow="fold")
    for row in rows:
        rate = row.flagged_per_judged_minute
        table.add_row(
            Text(words.printable(row.video)),
            row.status,
            f"{row.minutes:.1f}",
            f"{row.judged_minutes:.1f}",
            str(row.flagged) if row.judged_minutes else "-",
            "-" if rate is None else f"{rate:.2f}",
            Text(words.printable(row.trouble)),
        )
    return table
