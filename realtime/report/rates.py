"""Flags a judged minute, of everyone, of each condition and of each participant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from realtime.report.session_report import SessionReport
from realtime.statistics import rate_interval

NOT_GIVEN = "not given"


@dataclass(frozen=True, slots=True)
class FlagRate:
    name: str
    participants: int
    sessions: int
    seen_minutes: float
    judged_minutes: float
    flagged: int
    interval: tuple[float, float] | None  # of flags a judged minute, 95 %; None: nothing judged

    @property
    def per_minute(self) -> float:
        return self.flagged / self.judged_minutes if self.judged_minutes else 0.0


def rate_of(name: str, reports: Sequence[SessionReport]) -> FlagRate:
    """Of some sessions together.

    The interval is Poisson's, exact.  Where several participants vary more than chance alone makes
    them, counts and minutes are divided by their dispersion (Pearson's chi-squared over its
    degrees of freedom), which widens it.
    """
    people = _grouped(reports, _who)
    counts = [sum(len(report.flagged) for report in of) for of in people.values()]
    minutes = [sum(report.judged_minutes for report in of) for of in people.values()]
    flagged, judged = sum(counts), sum(minutes)
    spread = _dispersion(counts, minutes)
    return FlagRate(
        name,
        len(people),
        len(reports),
        sum(report.judged.seen_s for report in reports) / 60,
        judged,
        flagged,
        rate_interval(flagged / spread, judged / spread) if judged else None,
    )


def rates_by_condition(reports: Iterable[SessionReport]) -> list[FlagRate]:
    groups = _grouped(reports, lambda report: report.of.condition or NOT_GIVEN)
    return [rate_of(name, of) for name, of in sorted(groups.items())]


def rates_by_participant(reports: Iterable[SessionReport]) -> list[FlagRate]:
    return [rate_of(name, of) for name, of in sorted(_grouped(reports, _who).items())]


def _who(report: SessionReport) -> str:
    """A session that names nobody is of somebody else than every other."""
    return report.of.participant or report.of.name


def _grouped(
    reports: Iterable[SessionReport], key: Callable[[SessionReport], str]
) -> dict[str, list[SessionReport]]:
    groups: dict[str, list[SessionReport]] = {}
    for report in reports:
        groups.setdefault(key(report), []).append(report)
    return groups


def _dispersion(counts: Sequence[int], minutes: Sequence[float]) -> float:
    """Variance of the participants' counts over that of chance alone; 1 at least."""
    seen = [(count, time) for count, time in zip(counts, minutes, strict=True) if time > 0]
    rate = sum(counts) / sum(minutes) if sum(minutes) else 0.0
    if len(seen) < 2 or rate == 0:
        return 1.0
    chi_squared = sum((count - rate * time) ** 2 / (rate * time) for count, time in seen)
    return max(1.0, chi_squared / (len(seen) - 1))
