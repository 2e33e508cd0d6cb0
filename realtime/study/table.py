"""A study as tables: its events, its sessions, and every answer of its coders.

The sessions say for how long a face could be judged and how small a movement would have been found,
so that rates can be computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from realtime.recording.event_table import event_columns, event_rows, label_columns
from realtime.recording.labels import Label
from realtime.recording.table_columns import TableColumn, described, frame
from realtime.study.session_columns import seconds_of, session_columns
from realtime.study.study import Study, StudySession

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class StudyTable:
    name: str  # events, sessions or labels
    frame: DataFrame
    codebook: dict[str, dict[str, Any]]  # as in a BIDS sidecar


def tables(study: Study) -> tuple[StudyTable, StudyTable, StudyTable]:
    """Events, one row each with revisions applied; sessions; answers of coders, one row each.

    Raises:
        DataError, RecordingError: labels, or the frames of a session that did not end, cannot be
            read.
    """
    events = [
        row
        for of in study.sessions
        for row in event_rows(
            *(of.session.events, of.session.labels),
            session=of.name,
            participant=of.participant,
            condition=of.condition,
        )
    ]
    answers = [
        (of, label)
        for of in study.sessions
        for said in of.session.labels.values()
        for label in said
        if label.is_answer
    ]
    sessions = [(of, seconds_of(of)) for of in study.sessions]
    return (
        _table("events", event_columns(study.coders), events),
        _table("sessions", session_columns(study), sessions),
        _table("labels", _ANSWER, answers),
    )


def _table(name: str, columns: Sequence[TableColumn[Any]], rows: Sequence[Any]) -> StudyTable:
    return StudyTable(name, frame(columns, rows), described(columns))


_Answer = tuple[StudySession, Label]


def _of_label(column: TableColumn[Label]) -> TableColumn[_Answer]:
    return TableColumn(
        *(column.name, column.kind, column.text, lambda row: column.of(row[1])),
        *(column.unit, column.levels),
    )


_ANSWER: tuple[TableColumn[_Answer], ...] = (
    TableColumn("session", "text", "folder of the session, below the study", lambda a: a[0].name),
    TableColumn("participant", "text", "whose face it is", lambda a: a[0].participant),
    TableColumn("condition", "text", "condition of the experiment", lambda a: a[0].condition),
    TableColumn("coder", "text", "who answered", lambda a: a[1].coder),
    TableColumn(
        "item", "text", "id of the event, or of a stretch without one", lambda a: a[1].item
    ),
    TableColumn(
        "stratum",
        "text",
        "what the item was drawn from",
        lambda a: a[1].stratum,
        levels={
            "flagged": "movements that were flagged",
            "rejected": "movements that were rejected",
            "random": "stretches without either",
            "imported": "hand coding from another program",
        },
    ),
    *map(_of_label, label_columns()),
    TableColumn("answered_at", "text", "UTC, ISO 8601", lambda a: a[1].answered_at),
)
