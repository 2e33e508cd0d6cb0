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
from realtime.recording.labels import Label
from realtime.recording.markers import Marker

FLAGGED, APEX, REJECTED = "flagged", "apex", "rejected"
NOT_JUDGED, MARKERS = "not judged", "markers"
CODED = "coded by"  # and the coder's name


@dataclass(frozen=True, slots=True)
class Span:
    tier: str
    start_s: float
    end_s: float
    text: str


def spans(
    events: Sequence[Event],
    labels: Mapping[str, Sequence[Label]],
    verdicts: Sequence[Verdict],
    markers: Sequence[Marker] = (),
) -> list[Span]:
    """Every span, ordered by its start.

    Args:
        events: each as known last.
        labels: what people answered, by coder.
        verdicts: of every frame, in order.
        markers: moments that somebody marked.
    """
    several = len({event.face for event in events}) > 1
    found = [*not_judged(verdicts)]
    for event in events:
        of_whom = f" {event.face}" if several else ""
        found += [replace(span, tier=span.tier + of_whom) for span in _of(event)]
    known = {event.id: event for event in events}
    found += [span for said in labels.values() for label in said for span in _coded(label, known)]
    found += [Span(MARKERS, m.t_s, m.t_s, m.label or "marker") for m in markers]
    return sorted(found, key=lambda span: (span.start_s, span.tier))


def _of(event: Event) -> Iterator[Span]:
    if event.kind == "micro":
        label = "" if event.classification is None else event.label
        yield Span(FLAGGED, event.onset_s, event.offset_s, label)
        yield Span(APEX, event.apex_s, event.apex_s, event.id)
    else:
        why = ", ".join(event.reasons) or event.kind
        yield Span(REJECTED, event.onset_s, event.offset_s, why)


def _coded(label: Label, events: Mapping[str, Event]) -> Iterator[Span]:
    """Where the coder put it, otherwise where the program did; of neither there is no span."""
    event = events.get(label.item)
    start = label.onset_s if event is None or label.onset_s is not None else event.onset_s
    end = label.offset_s if event is None or label.offset_s is not None else event.offset_s
    if start is not None and end is not None and start <= end:
        yield Span(f"{CODED} {label.coder}", start, end, label.word)


def not_judged(verdicts: Sequence[Verdict]) -> Iterator[Span]:
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
