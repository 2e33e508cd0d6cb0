"""What coders answered in a study, and how far they agree with one another and the program."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from realtime.event import Event
from realtime.recording.labels import CoderAnswer
from realtime.recording.session import Session
from realtime.report.methods import number
from realtime.report.session_report import SessionReport
from realtime.study.study import Study

if TYPE_CHECKING:
    from realtime.study.reliability import AgreementEstimate


@dataclass(frozen=True, slots=True)
class CoderCount:
    coder: str
    stratum: str
    micro: int
    none: int
    unsure: int


def coder_counts(reports: Iterable[SessionReport]) -> list[CoderCount]:
    """A row for each coder and stratum."""
    counts: dict[tuple[str, str], Counter[CoderAnswer]] = {}
    for report in reports:
        for coder, labels in report.session.labels.items():
            for label in filter(lambda said: said.is_answer, labels):
                counts.setdefault((coder, label.stratum), Counter())[label.answer] += 1
    return [
        CoderCount(*key, of[CoderAnswer.MICRO], of[CoderAnswer.NONE], of[CoderAnswer.UNSURE])
        for key, of in sorted(counts.items())
    ]


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Two raters on the units that both rated; what is not defined is a dash."""

    raters: str
    units: tuple[int, ...]  # both, first only, second only, neither
    detection_kappa: str  # with its 95 % interval
    detection_alpha: str
    class_kappa: str
    iou: str  # median
    apex_ms: str  # median of the second less the first


def agreement_rows(study: Study) -> list[AgreementRow]:
    """Every pair of coders, then the program against each; none where nobody has coded.

    Raises:
        DataError: labels cannot be read.
    """
    if not any(of.session.labels for of in study.sessions):
        return []
    from realtime.study.agreement import pairs  # needs the packages of the extra "study"

    return [
        AgreementRow(
            f"{pair.first} and {pair.second}",
            tuple(int(count) for count in pair.detection.reshape(-1)),
            _estimate(pair.detection_kappa),
            _estimate(pair.detection_alpha),
            _estimate(pair.class_kappa),
            number(pair.median_iou),
            number(1000 * pair.median_apex_difference_s, 0),
        )
        for pair in pairs(study)
    ]


def _estimate(of: AgreementEstimate) -> str:
    known = math.isfinite(of.low) and math.isfinite(of.high)
    return number(of.value) + (f" ({number(of.low)} to {number(of.high)})" if known else "")


def answers_to(session: Session, event: Event) -> list[str]:
    """What each coder said of an event: `anna: surprise`."""
    return [
        f"{coder}: {label.word}"
        for coder, labels in sorted(session.labels.items())
        for label in labels
        if label.item == event.id
    ]
