"""The events of a demo run against the true events.

An event detects a true one if its apex lies inside the true interval, with a tolerance of 0.1 s.
One event for one true event; the others are false alarms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from realtime.demo.screenplay import TruthEvent
from realtime.event import Event

TOLERANCE_S = 0.1


@dataclass(frozen=True, slots=True)
class EventMatch:
    """One true event, and the event that detected it, if any."""

    truth: TruthEvent
    event: Event | None

    @property
    def onset_error_s(self) -> float | None:
        """Positive: detected too late."""
        return None if self.event is None else self.event.onset_s - self.truth.onset_s

    @property
    def apex_error_s(self) -> float | None:
        return None if self.event is None else self.event.apex_s - self.truth.apex_s

    @property
    def iou(self) -> float:
        """Intersection over union of the two intervals; 0 if it was missed."""
        if self.event is None:
            return 0.0
        a, b = self.truth, self.event
        overlap = min(a.offset_s, b.offset_s) - max(a.onset_s, b.onset_s)
        union = max(a.offset_s, b.offset_s) - min(a.onset_s, b.onset_s)
        return max(overlap, 0.0) / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class DemoReport:
    matches: tuple[EventMatch, ...]  # one for each true event, in time order
    false_alarms: tuple[Event, ...]  # in time order

    @property
    def found(self) -> int:
        return sum(m.event is not None for m in self.matches)

    @property
    def correctly_classified(self) -> int:
        return sum(m.event is not None and m.event.label == m.truth.label for m in self.matches)


def match(truth: Sequence[TruthEvent], events: Sequence[Event]) -> DemoReport:
    """Assign events to the truth; of each id the last line counts, and only kind "micro"."""
    last = {event.id: event for event in events}
    micros = sorted((e for e in last.values() if e.kind == "micro"), key=lambda e: e.apex_s)
    there = sorted(truth, key=lambda t: t.onset_s)
    pairs = sorted(
        (abs(e.apex_s - t.apex_s), i, j)
        for i, t in enumerate(there)
        for j, e in enumerate(micros)
        if t.onset_s - TOLERANCE_S <= e.apex_s <= t.offset_s + TOLERANCE_S
    )
    # The nearest apex first.  True intervals lie seconds apart, so no event has two to choose from.
    finder: dict[int, int] = {}
    for _, i, j in pairs:
        if i not in finder and j not in finder.values():
            finder[i] = j
    return DemoReport(
        tuple(
            EventMatch(t, micros[finder[i]] if i in finder else None) for i, t in enumerate(there)
        ),
        tuple(e for j, e in enumerate(micros) if j not in finder.values()),
    )


def report_table(report: DemoReport) -> Table:
    """The report as a table for the terminal; false alarms last."""
    table = Table(
        title="True and detected events",
        caption=f"{report.found} of {len(report.matches)} detected, {report.correctly_classified} "
        f"correctly classified, {_counted(len(report.false_alarms), 'false alarm')}",
    )
    table.add_column("time s", justify="right")
    table.add_column("class")
    table.add_column("peak % IOD", justify="right")
    table.add_column("patch % IOD", justify="right")
    table.add_column("detected")
    table.add_column("engine class")
    for heading in ("onset error ms", "apex error ms", "IoU"):
        table.add_column(heading, justify="right")
    for m in report.matches:
        table.add_row(
            f"{m.truth.apex_s:.2f}",
            m.truth.label,
            _percent(m.truth.amplitude_iod),
            "" if m.event is None else _percent(m.event.peak_motion_iod),
            "missed" if m.event is None else "yes",
            "" if m.event is None else m.event.label,
            _milliseconds(m.onset_error_s),
            _milliseconds(m.apex_error_s),
            "" if m.event is None else f"{m.iou:.2f}",
        )
    table.add_section()
    for event in report.false_alarms:
        patch = _percent(event.peak_motion_iod)
        table.add_row(
            f"{event.apex_s:.2f}", "none", "", patch, "false alarm", event.label, "", "", ""
        )
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:+.0f}"


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
