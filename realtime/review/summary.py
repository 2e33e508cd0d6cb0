"""What came of a review, for the page and for the terminal.

Recordings of these people with this camera: the figures hold for nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from realtime.review.desk import ReviewDesk
from realtime.study.estimate_words import Figure, figures
from realtime.study.estimates import count_answers, judged_minutes
from realtime.study.study import Study


@dataclass(frozen=True, slots=True)
class SessionProgress:
    name: str
    participant: str
    answered: int
    items: int
    first: int  # number of its first item without an answer, or of its first


@dataclass(frozen=True, slots=True)
class Summary:
    coder: str
    answered: int
    items: int
    words: Sequence[tuple[str, int]]  # how often each answer was given
    unanswered: Sequence[int]  # numbers of items
    figures: Sequence[Figure]
    sessions: Sequence[SessionProgress]
    notices: Sequence[str]


def summarise(study: Study, desk: ReviewDesk, notices: Sequence[str]) -> Summary:
    """Raises DataError where a table of frames or a queue cannot be read."""
    labels = [desk.label(number) for number in range(len(desk.tasks))]
    unanswered = [number for number, label in enumerate(labels) if label is None]
    counts = count_answers(study, desk.coder)
    return Summary(
        desk.coder,
        len(labels) - len(unanswered),
        len(labels),
        Counter(label.word for label in labels if label).most_common(),
        unanswered,
        figures(counts, judged_minutes(study)),
        [*_sessions(desk)],
        [*notices, *desk.troubles],
    )


def in_words(summary: Summary) -> list[str]:
    """Lines for the terminal."""
    lines = [f"{summary.answered} of {summary.items} items answered by {summary.coder}"]
    for figure in summary.figures:
        if figure.value:
            lines.append(f"{figure.name}: {figure.value} (95 %: {figure.interval})")
        lines.append(f"  {figure.reckoning}" if figure.value else figure.reckoning)
    return lines


def _sessions(desk: ReviewDesk) -> list[SessionProgress]:
    numbers: dict[str, list[int]] = {}
    for number, task in enumerate(desk.tasks):
        numbers.setdefault(task.of.name, []).append(number)
    found = []
    for name, of in numbers.items():
        left = [number for number in of if desk.label(number) is None]
        participant = desk.tasks[of[0]].of.participant
        found.append(
            SessionProgress(name, participant, len(of) - len(left), len(of), (left or of)[0])
        )
    return found
