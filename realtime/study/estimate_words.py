"""Precision, recall and false alarms a minute in words: for the review, the terminal, the report.

They are of recordings of these people with this camera, and hold for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from realtime.dashboard.words import percent
from realtime.recording.labels import Stratum
from realtime.study.estimates import Estimate, StratumCount, count_answers, estimate
from realtime.study.study import Study

_NO_RECALL = (
    "Recall cannot be estimated: that needs answers to flagged, rejected and random stretches "
    "(fleeting review --sample 40)."
)
_NONE_THERE = (
    "Recall cannot be estimated: no micro-expression is among the answers, found or missed."
)


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: str  # "": not known
    interval: str
    reckoning: str


@dataclass(frozen=True, slots=True)
class CoderFigures:
    """What the answers of one coder say of the program."""

    coder: str
    answered: int  # items, surely
    sampled: bool  # of a stratified sample; otherwise of flags alone
    figures: tuple[Figure, ...]


def figures(counts: Mapping[Stratum, StratumCount], judged_minutes: float) -> list[Figure]:
    """Pure."""
    found = estimate(counts, judged_minutes)
    answered = all(count.answered for count in counts.values() if count.population)
    none_there = answered and counts["random"].answered > 0
    return [
        _share("Precision", found.precision, "Precision is known when a flag is answered."),
        _share("Recall", found.recall, _NONE_THERE if none_there else _NO_RECALL),
        _rate("False alarms a minute", found.alarms_per_minute),
    ]


def figures_by_coder(
    study: Study, coders: Sequence[str], judged_minutes: float
) -> list[CoderFigures]:
    """Of each coder who answered a flag or an item of a sample.

    Raises:
        DataError: a queue or a file of labels cannot be read.
    """
    found = []
    for coder in coders:
        counts = count_answers(study, coder)
        answered = sum(count.answered for count in counts.values())
        if answered:
            sampled = counts["random"].population + counts["rejected"].population > 0
            said = tuple(figures(counts, judged_minutes))
            found.append(CoderFigures(coder, answered, sampled, said))
    return found


def _share(name: str, found: Estimate | None, otherwise: str) -> Figure:
    if found is None:
        return Figure(name, "", "", otherwise)
    interval = f"{percent(found.low)} to {percent(found.high)}"
    return Figure(name, percent(found.value), interval, f"{_sentence(found.reckoning)}")


def _rate(name: str, found: Estimate | None) -> Figure:
    if found is None:
        return Figure(name, "", "", "False alarms are counted when a flag is answered.")
    interval = f"{found.low:.2f} to {found.high:.2f}"
    return Figure(name, f"{found.value:.2f}", interval, _sentence(found.reckoning))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
