"""The report as one HTML file: no script, no address outside it, every text escaped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import islice

from jinja2 import Environment, PackageLoader, StrictUndefined

from realtime.event import Event
from realtime.export.safe_text import one_line
from realtime.report import charts
from realtime.report.coding import AgreementRow, answers_to, coder_counts
from realtime.report.methods import (
    CODING_REFERENCES,
    LIMITS,
    REFERENCES,
    interval,
    methods,
    number,
)
from realtime.report.rates import rate_of, rates_by_condition, rates_by_participant
from realtime.report.run_facts import settings_of, versions_of
from realtime.report.session_report import SessionReport
from realtime.report.thumbnails import Thumbnail, thumbnails
from realtime.study.estimate_words import CoderFigures


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    event: Event
    units: str
    answers: tuple[str, ...]
    pictures: tuple[Thumbnail, ...]


@dataclass(frozen=True, slots=True)
class SessionSection:
    report: SessionReport
    chart: charts.TimelineChart
    rows: tuple[ReportedEvent, ...]


def render(
    name: str,
    reports: Sequence[SessionReport],
    agreement: Sequence[AgreementRow],
    estimates: Sequence[CoderFigures],
    troubles: Sequence[str],
    *,
    pictures: int,
) -> str:
    """The page.

    Args:
        name: of the study.
        agreement: of coders and program.
        estimates: what each coder's answers say of the program.
        troubles: what could not be read, a sentence each.
        pictures: flagged events a session that are shown with their stills, at most.

    Raises:
        DataError: labels cannot be read.
    """
    environment = Environment(
        loader=PackageLoader("realtime.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "interval": interval, "one_line": one_line}
    everyone, conditions = rate_of("all", reports), rates_by_condition(reports)
    participants = rates_by_participant(reports)
    counts = coder_counts(reports)
    records = [r.session.record for r in reports if r.session.record is not None]
    return environment.get_template("report.html").render(
        name=name,
        made_at=time.strftime("%Y-%m-%d %H:%M"),
        version=metadata.version("fleeting"),
        everyone=everyone,
        conditions=conditions,
        participants=participants,
        rate_chart=charts.rate_chart([everyone, *conditions], participants),
        sections=list(_sections(reports, pictures)),
        coder_counts=counts,
        agreement=agreement,
        estimates=estimates,
        methods=methods(reports, everyone, conditions, estimates),
        references=sorted((*REFERENCES, *(CODING_REFERENCES if counts else ()))),
        limits=LIMITS,
        settings=settings_of(records),
        versions=versions_of(records),
        records=len(records),
        troubles=troubles,
        pictures=pictures,
        chart_width=charts.WIDTH,
        course_height=charts.COURSE_HEIGHT,
    )


def _sections(reports: Sequence[SessionReport], pictures: int) -> Iterator[SessionSection]:
    for report in reports:
        pictured = {e.id for e in islice((e for e in report.flagged if e.stills), pictures)}
        rows = tuple(_row(report, event, event.id in pictured) for event in report.flagged)
        yield SessionSection(report, charts.timeline(report), rows)


def _row(report: SessionReport, event: Event, pictured: bool) -> ReportedEvent:
    units = ", ".join(
        f"AU{named.unit}" + ("" if named.side == "both" else f" {named.side}")
        for named in event.action_units or ()
    )
    answers = tuple(answers_to(report.session, event))
    return ReportedEvent(
        event, units, answers, thumbnails(report.session, event) if pictured else ()
    )
