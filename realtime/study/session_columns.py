"""Columns of the table of sessions: what was seen, how much of it judged, how small was found."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from realtime.errors import DataError
from realtime.recording.table_columns import TableColumn
from realtime.spotting.sensitivity import HALVES, SIZES_IOD
from realtime.status import SecondsCounts
from realtime.study.study import Study, StudySession

SeenSession = tuple[StudySession, SecondsCounts]


def seconds_of(of: StudySession) -> SecondsCounts:
    """As the run counted them; of a session that was killed, as its frames say."""
    record = of.session.record
    if record is not None and record.counts is not None:
        return record.counts.seconds
    try:
        judged = of.session.judged
    except DataError:
        return SecondsCounts()
    return SecondsCounts(
        judged.seen_s, judged.judged_s, judged.speech_masked_s, judged.not_judged_s
    )


def session_columns(study: Study) -> list[TableColumn[SeenSession]]:
    """Ours, then those of participants.tsv that have another name."""
    ours = [*_SESSION, *(_found_share(half, size) for half in HALVES for size in SIZES_IOD)]
    taken = {column.name for column in ours} | {"participant_id"}
    rows = study.participants.rows

    def own(name: str, seen: SeenSession) -> str:
        return rows.get(seen[0].participant, {}).get(name, "")

    return [
        *ours,
        *(
            TableColumn(name, "text", "column of participants.tsv", partial(own, name))
            for name in study.participants.columns
            if name not in taken
        ),
    ]


def _found_share(half: str, size_iod: float) -> TableColumn[SeenSession]:
    size = f"{100 * size_iod:g}"
    return TableColumn(
        f"sensitivity_{half}_{size.replace('.', '_')}",
        "number",
        f"share of the judged time in which 8 of 10 movements of {size} % IOD in the {half} face "
        "would have been found",
        lambda seen: seen[1].sensitivity.get(half, {}).get(size),
        "0 to 1",
    )


def _from_record(name: str) -> Any:
    return lambda seen: (
        None if seen[0].session.record is None else getattr(seen[0].session.record, name)
    )


def _outcome(seen: SeenSession) -> str:
    record = seen[0].session.record
    return "unknown" if record is None else record.outcome.value


def _started(seen: SeenSession) -> str | None:
    record = seen[0].session.record
    if record is None:
        return None
    return datetime.fromtimestamp(record.clock.wall_s, UTC).isoformat(timespec="seconds")


def _target(seen: SeenSession) -> float | None:
    record = seen[0].session.record
    spotter = {} if record is None else record.settings.get("spotter", {})
    rate = spotter.get("alarms_per_minute") if isinstance(spotter, dict) else None
    return rate if isinstance(rate, int | float) else None


def _number(verdict: str, seen: SeenSession) -> int:
    return sum(event.kind == verdict for event in seen[0].session.events)


def _rate(seen: SeenSession) -> float | None:
    return 60 * _number("micro", seen) / seen[1].judged if seen[1].judged else None


def _not_judged(seen: SeenSession) -> str:
    return ";".join(f"{why} {lost:.1f} s" for why, lost in seen[1].not_judged.items())


_SESSION: tuple[TableColumn[SeenSession], ...] = (
    TableColumn("session", "text", "folder of the session, below the study", lambda s: s[0].name),
    TableColumn("participant", "text", "whose face it is", lambda s: s[0].participant),
    TableColumn("condition", "text", "condition of the experiment", lambda s: s[0].condition),
    TableColumn("source", "text", "film or camera", _from_record("source")),
    TableColumn("started", "text", "start of the run, UTC, ISO 8601", _started),
    TableColumn("program", "text", "name and version", _from_record("program")),
    TableColumn("engine", "text", "backend and network", _from_record("engine")),
    TableColumn("target_alarms_per_minute", "number", "target false-alarm rate", _target, "1/min"),
    TableColumn(
        "outcome",
        "text",
        "what became of the run",
        _outcome,
        levels={
            "done": "it reached its end",
            "stopped": "it was stopped before",
            "failed": "it failed or was killed",
            "not judged": "it reached its end, and no second of it could be judged",
            "unknown": "its session.json cannot be read",
        },
    ),
    TableColumn(
        "seen_minutes", "number", "length that was analysed", lambda s: s[1].seen / 60, "min"
    ),
    TableColumn(
        "judged_minutes",
        "number",
        "of these, with an assessable face",
        lambda s: s[1].judged / 60,
        "min",
    ),
    TableColumn(
        "speech_masked_minutes",
        "number",
        "of the judged ones: the lower face was masked by speech",
        lambda s: s[1].speech_masked / 60,
        "min",
    ),
    TableColumn("not_judged", "text", "seconds by reason, separated by ;", _not_judged, "s"),
    TableColumn("flagged", "count", "events with the verdict micro", partial(_number, "micro")),
    TableColumn("macro", "count", "events with the verdict macro", partial(_number, "macro")),
    TableColumn(
        "rejected", "count", "events with the verdict rejected", partial(_number, "rejected")
    ),
    TableColumn("flagged_per_judged_minute", "number", "rate of flags", _rate, "1/min"),
    TableColumn(
        "coders", "text", "who coded it, separated by ;", lambda s: ";".join(s[0].session.labels)
    ),
)
