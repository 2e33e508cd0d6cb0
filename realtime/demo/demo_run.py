"""One run of the built-in subject: opened like a source, and scored against its truth."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from realtime.demo.score import match, report_table
from realtime.demo.subject import DemoSource, DemoSubject
from realtime.event import Event


class DemoRun:
    """The subject of one run."""

    def __init__(self) -> None:
        self._subject = DemoSubject()

    def open(self) -> DemoSource:
        return DemoSource(self._subject)

    def report(self, events: Sequence[Event], played_s: float) -> Table:
        """Which of the movements that were played are among the events.

        Args:
            events: of the run, each in its last revision.
            played_s: movements that end later were not shown.
        """
        shown = [event for event in self._subject.truth if event.offset_s <= played_s]
        return report_table(match(shown, events))
