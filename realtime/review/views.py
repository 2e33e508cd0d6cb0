"""What the page is told of an item: nothing of the program's verdict before it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from realtime.dashboard.words import action_units, percent
from realtime.event import UNCLASSIFIED, Event
from realtime.face.judged_time import UnjudgedSpan
from realtime.recording.labels import Label
from realtime.review.desk import ReviewDesk, ReviewTask
from realtime.review.traces import STREAMS, SessionTraces, read_traces

AROUND_S = 1.0  # shown before the onset and after the offset
_TRACES_S = 3.0  # the same for the traces
_RISE_S, _FALL_S = 0.15, 0.2  # of the marks laid on a stretch without an event
_WORDS = {"flagged": "flagged", "rejected": "not flagged", "random": "no movement found"}

_traces = lru_cache(maxsize=4)(read_traces)


@dataclass(frozen=True, slots=True)
class Marks:
    onset_s: float
    apex_s: float
    offset_s: float


@dataclass(frozen=True, slots=True)
class PredictionView:
    """The program's word, for after the answer."""

    verdict: str
    classified: str  # "": no class
    units: str
    marks: Marks | None  # None: a stretch without an event
    size: str


@dataclass(frozen=True, slots=True)
class TraceView:
    """n samples each; NaN: not measured."""

    t_s: Sequence[float]
    streams: dict[str, Sequence[float]]  # sigma
    blink: Sequence[float]
    head: Sequence[float]  # degrees
    jaw: Sequence[float]
    unjudged: Sequence[UnjudgedSpan]


@dataclass(frozen=True, slots=True)
class TimelineItem:
    number: int
    at_s: float


@dataclass(frozen=True, slots=True)
class SessionView:
    """The timeline of an item's session."""

    name: str
    participant: str
    condition: str
    start_s: float
    end_s: float
    unjudged: Sequence[UnjudgedSpan]
    items: Sequence[TimelineItem]


@dataclass(frozen=True, slots=True)
class ItemView:
    number: int
    start_s: float  # of what is shown
    end_s: float
    marks: Marks  # where onset, apex and offset are laid first
    label: Label | None
    prediction: PredictionView | None  # None before the answer
    session: SessionView
    traces: TraceView


@dataclass(frozen=True, slots=True)
class QueueEntry:
    number: int
    session: str
    participant: str
    at_s: float
    answer: str  # in a word; "": none yet


@dataclass(frozen=True, slots=True)
class QueueView:
    coder: str
    items: Sequence[QueueEntry]


def queue_view(desk: ReviewDesk) -> QueueView:
    entries = [
        QueueEntry(number, task.of.name, task.of.participant, _middle_s(task), _word(desk, number))
        for number, task in enumerate(desk.tasks)
    ]
    return QueueView(desk.coder, entries)


def item_view(desk: ReviewDesk, number: int) -> ItemView:
    """Raises DataError where the session's table of frames cannot be read."""
    task, label = desk.tasks[number], desk.label(number)
    traces, marks = _traces(task.of.session.folder), first_marks(task)
    event = task.event
    start_s, end_s = marks.onset_s - AROUND_S, marks.offset_s + AROUND_S
    around = traces.between(
        start_s - _TRACES_S, end_s + _TRACES_S, None if event is None else event.face
    )
    return ItemView(
        number,
        start_s,
        end_s,
        marks,
        label,
        None if label is None else prediction(task),
        _session(desk, task, traces),
        _trace_view(around),
    )


def first_marks(task: ReviewTask) -> Marks:
    """Of an event its own; of another stretch around the strongest motion in it."""
    event, item = task.event, task.item
    if event is not None:
        return Marks(event.onset_s, event.apex_s, event.offset_s)
    traces = _traces(task.of.session.folder).between(item.start_s, item.end_s, None)
    strength = np.nan_to_num(traces.streams).sum(axis=1)
    middle_s = (item.start_s + item.end_s) / 2
    apex_s = float(traces.t_s[strength.argmax()]) if len(strength) else middle_s
    return Marks(apex_s - _RISE_S, apex_s, apex_s + _FALL_S)


def prediction(task: ReviewTask) -> PredictionView:
    event, verdict = task.event, _WORDS[task.item.stratum]
    if event is None:
        return PredictionView(verdict, "", "", None, "")
    if event.reasons:
        verdict += f": {', '.join(event.reasons)}"
    marks = Marks(event.onset_s, event.apex_s, event.offset_s)
    size = f"{100 * event.peak_motion_iod:.1f} patch % IOD, {event.peak_sigma:.0f} sigma"
    return PredictionView(verdict, _classified(event), action_units(event), marks, size)


def _classified(event: Event) -> str:
    answer = event.classification
    if answer is None or event.label == UNCLASSIFIED:
        return ""
    return f"{event.label}, {percent(max(answer.probabilities))}"


def _session(desk: ReviewDesk, task: ReviewTask, traces: SessionTraces) -> SessionView:
    items = [
        TimelineItem(number, _middle_s(other))
        for number, other in enumerate(desk.tasks)
        if other.of is task.of
    ]
    of = task.of
    return SessionView(
        of.name, of.participant, of.condition, *traces.span_s, traces.unjudged, items
    )


def _trace_view(traces: SessionTraces) -> TraceView:
    return TraceView(
        traces.t_s.round(4).tolist(),
        {name: traces.streams[:, k].tolist() for k, name in enumerate(STREAMS)},
        traces.blink.tolist(),
        traces.head_turn.round(3).tolist(),
        traces.jaw.tolist(),
        traces.unjudged,
    )


def _middle_s(task: ReviewTask) -> float:
    return (task.item.start_s + task.item.end_s) / 2


def _word(desk: ReviewDesk, number: int) -> str:
    label = desk.label(number)
    return "" if label is None else label.word
