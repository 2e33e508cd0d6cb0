"""What happened in a session, from when to when, on which tier.

Seconds are those of the source: of a film its own time line, otherwise from the first frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from realtime.event import UNCLASSIFIED
from realtime.face.assessability import Assessable
from realtime.recording.frames_csv import Verdict

FLAGGED, APEX, REVIEWED, REJECTED = "flagged", "apex", "reviewed", "rejected"
NOT_JUDGED = "not judged"
_SILENT_S = 0.25  # without a frame for longer nothing was judged
_NO_FRAMES = "no frames"


@dataclass(frozen=True, slots=True)
class Span:
    tier: str
    start_s: float
    end_s: float
    text: str


def spans(
    events: Sequence[Mapping[str, Any]], said: Mapping[str, str], verdicts: Sequence[Verdict]
) -> list[Span]:
    """Every span, ordered by its start.

    Args:
        events: each as known last.
        said: a person's label by event id.
        verdicts: of every frame, in order.
    """
    several = len({event["face"] for event in events}) > 1
    found = [*_not_judged(verdicts)]
    for event in events:
        of_whom = f" {event['face']}" if several else ""
        found += [replace(span, tier=span.tier + of_whom) for span in _of(event, said)]
    return sorted(found, key=lambda span: (span.start_s, span.tier))


def _of(event: Mapping[str, Any], said: Mapping[str, str]) -> Iterator[Span]:
    onset_s, apex_s, offset_s = (float(event[k]) for k in ("onset_s", "apex_s", "offset_s"))
    if event["kind"] == "micro":
        label = event["label"]
        yield Span(FLAGGED, onset_s, offset_s, "" if label == UNCLASSIFIED else str(label))
        yield Span(APEX, apex_s, apex_s, str(event["id"]))
    else:
        why = ", ".join(event["confounders"]) or str(event["kind"])
        yield Span(REJECTED, onset_s, offset_s, why)
    if event["id"] in said:
        yield Span(REVIEWED, onset_s, offset_s, said[event["id"]])


def _not_judged(verdicts: Sequence[Verdict]) -> Iterator[Span]:
    """Stretches of frames in which no face could be judged, one for each reason."""
    begun: Verdict | None = None
    for one, after in pairwise(verdicts):
        if after.t_s - one.t_s > _SILENT_S:
            yield Span(NOT_JUDGED, one.t_s, after.t_s, _NO_FRAMES)
        if begun is None and one.assessable is not Assessable.YES:
            begun = one
        if begun is not None and after.assessable is not begun.assessable:
            yield Span(NOT_JUDGED, begun.t_s, after.t_s, begun.assessable.value)
            begun = None
    if begun is not None:
        yield Span(NOT_JUDGED, begun.t_s, verdicts[-1].t_s, begun.assessable.value)
