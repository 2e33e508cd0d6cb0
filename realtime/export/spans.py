"""What happened in a session, from when to when, on which tier.

Seconds are those of the source: of a film its own time line, otherwise from the first frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from realtime.event import Event
from realtime.face.assessability import Assessable
from realtime.face.judged_time import MAX_STEP_S, NO_FRAMES, Verdict

FLAGGED, APEX, REVIEWED, REJECTED = "flagged", "apex", "reviewed", "rejected"
NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Span:
    tier: str
    start_s: float
    end_s: float
    text: str


def spans(
    events: Sequence[Event], said: Mapping[str, str], verdicts: Sequence[Verdict]
) -> list[Span]:
    """Every span, ordered by its start.

    Args:
        events: each as known last.
        said: a person's label by event id.
        verdicts: of every frame, in order.
    """
    several = len({event.face for event in events}) > 1
    found = [*_not_judged(verdicts)]
    for event in events:
        of_whom = f" {event.face}" if several else ""
        found += [replace(span, tier=span.tier + of_whom) for span in _of(event, said)]
    return sorted(found, key=lambda span: (span.start_s, span.tier))


def _of(event: Event, said: Mapping[str, str]) -> Iterator[Span]:
    if event.kind == "micro":
        label = "" if event.classification is None else event.label
        yield Span(FLAGGED, event.onset_s, event.offset_s, label)
        yield Span(APEX, event.apex_s, event.apex_s, event.id)
    else:
        why = ", ".join(event.reasons) or event.kind
        yield Span(REJECTED, event.onset_s, event.offset_s, why)
    if event.id in said:
        yield Span(REVIEWED, event.onset_s, event.offset_s, said[event.id])


def _not_judged(verdicts: Sequence[Verdict]) -> Iterator[Span]:
    """Stretches of frames in which no face could be judged, one for each reason."""
    begun: Verdict | None = None
    for one, after in pairwise(verdicts):
        if after.t_s - one.t_s > MAX_STEP_S:
            yield Span(NOT_JUDGED, one.t_s, after.t_s, NO_FRAMES)
        if begun is None and one.assessable is not Assessable.YES:
            begun = one
        if begun is not None and after.assessable is not begun.assessable:
            yield Span(NOT_JUDGED, begun.t_s, after.t_s, begun.assessable.value)
            begun = None
    if begun is not None:
        yield Span(NOT_JUDGED, begun.t_s, verdicts[-1].t_s, begun.assessable.value)
