"""Result of a review: precision and false alarms a minute, with their intervals.

Precision on the user's own recordings: these people, this camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from realtime.dashboard.words import clock, percent
from realtime.event import UNCLASSIFIED
from realtime.recording.labels_csv import NONE, Labels
from realtime.review.flags import Flag
from realtime.statistics import rate_interval, share_interval


@dataclass(frozen=True, slots=True)
class ReviewFigures:
    flags: int  # that stand
    reviewed: int  # of these
    right: int  # micro-expressions, by the reviewer
    classified: int  # of the right ones, those the engine classified
    correctly_classified: int
    minutes: float  # in which the face could be judged

    @property
    def wrong(self) -> int:
        return self.reviewed - self.right


def figures(flags: Sequence[Flag], labels: Labels, minutes: float) -> ReviewFigures:
    standing = [(flag, labels.get(flag.id)) for flag in flags if flag.stands]
    right = [(flag, said) for flag, said in standing if said not in (None, NONE)]
    named = [flag.event.label == said for flag, said in right if flag.event.label != UNCLASSIFIED]
    reviewed = sum(said is not None for _, said in standing)
    return ReviewFigures(len(standing), reviewed, len(right), len(named), sum(named), minutes)


def in_words(found: ReviewFigures) -> list[str]:
    """Lines for the end of a review."""
    if not found.reviewed:
        return [f"{found.flags} flagged, none of them labelled yet"]
    low, high = share_interval(found.right, found.reviewed)
    lines = [
        f"{found.reviewed} of {found.flags} flagged movements labelled",
        f"{found.right} of these are micro-expressions: {percent(found.right / found.reviewed)} "
        f"(95 %: {percent(low)} to {percent(high)})",
    ]
    if found.minutes > 0 and found.reviewed == found.flags:
        few, many = rate_interval(found.wrong, found.minutes)
        lines.append(
            f"{found.wrong / found.minutes:.2f} false alarms a minute (95 %: "
            f"{few:.2f} to {many:.2f}) in {found.minutes:.1f} "
            "assessable minutes"
        )
    elif found.minutes > 0:
        lines.append("false alarms a minute: when all are labelled")
    if found.classified:
        lines.append(
            f"{found.correctly_classified} of {found.classified} classified as you labelled them"
        )
    lines.append("recall is not known: a review contains only what was flagged")
    return lines


def listing(flags: Sequence[Flag], labels: Labels) -> Table:
    table = Table(title="flagged movements", title_justify="left")
    for heading in ("id", "time", "ms", "program", "retracted", "you"):
        table.add_column(heading)
    for flag in flags:
        said = labels.get(flag.id)
        table.add_row(
            flag.id,
            clock(flag.event.apex_s),
            f"{1e3 * flag.event.duration_s:.0f}",
            # shown after the answer, so that it does not influence the reviewer
            "" if said is None or flag.event.label == UNCLASSIFIED else flag.event.label,
            "" if flag.stands else f"yes: {flag.event.kind}",
            said or ("-" if flag.clip else "no clip"),
        )
    return table
