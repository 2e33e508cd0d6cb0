"""What a coder is to judge, and in which order.

Without a sample: every movement that is flagged.  With one, items drawn at random of three strata
that together hold all judged time once:

    flagged    events whose last verdict is a micro-expression
    rejected   all other events
    random     the judged time outside of these, cut into stretches of at most STRETCH_S

They come mixed, so that nothing tells a coder which is which.  What was drawn, and of how many, is
written to `SESSION/labels/CODER.queue.json`: recall can be estimated from it later.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from realtime.atomic_file import write_whole
from realtime.errors import DataError, SettingsError
from realtime.event import Event
from realtime.face.assessability import Assessable
from realtime.face.judged_time import MAX_STEP_S, Verdict
from realtime.recording.labels import FOLDER, Item, Stratum, coder_name
from realtime.study.study import Study, StudySession

STRATA: tuple[Stratum, ...] = ("flagged", "rejected", "random")
STRETCH_S = 0.5  # as long as the longest micro-expression
MARGIN_S = 0.25  # on both sides of an event: a true apex there is that of the event
_LEAST_S = 0.1  # a shorter rest is part of the stretch before it

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """Seconds are those of the session's time base."""

    item: Item  # id of the event, or random-0007
    stratum: Stratum
    weight: Annotated[FiniteFloat, Field(ge=1)]  # items of the stratum for each one drawn
    place: Annotated[int, Field(ge=0)]  # in the whole queue
    start_s: FiniteFloat  # an apex from here
    end_s: FiniteFloat  # to here belongs to this item


class SessionQueue(BaseModel):
    """`CODER.queue.json` of one session; also of a session of which nothing was drawn."""

    model_config = ConfigDict(frozen=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    sample: int  # items drawn of the whole study
    seed: int
    population: Mapping[Stratum, int]  # items of this session that can be played
    items: tuple[QueueItem, ...]


def flagged_queue(study: Study, *, retracted: bool) -> list[tuple[StudySession, QueueItem]]:
    """Every flagged movement, in the order of the sessions.

    Args:
        retracted: those too that were flagged first and then retracted.
    """
    found: list[tuple[StudySession, QueueItem]] = []
    for of in study.sessions:
        flagged_once = {event.id for event in of.session.flagged}
        for event in of.session.events:
            if event.kind == "micro" or (retracted and event.id in flagged_once):
                found.append((of, _of_event(event, 1.0, len(found))))
    return found


def drawn_queue(
    study: Study,
    coder: str,
    sample: int,
    seed: int,
    can_play: Callable[[StudySession, Event], bool],
    filmed: Callable[[StudySession], Sequence[Span]],
    track: Callable[[Sequence[StudySession]], Iterable[StudySession]] = iter,
) -> list[tuple[StudySession, QueueItem]]:
    """A stratified sample, mixed; written beside the labels at its first drawing.

    Args:
        sample: items altogether, a third of each stratum as far as there are any.
        can_play: whether an event can be shown.
        filmed: the time of a session of which every stretch can be shown.
        track: shows how many sessions are read, where that takes long.

    Raises:
        SettingsError: this coder has another sample of the study.
        DataError: a table of frames or a queue cannot be read.
        RecordingError: the queue cannot be written.
    """
    known = _known_queues(study, coder)
    if known:
        _refuse_another(known, coder, sample, seed)
    else:
        known = [*_draw(study, sample, seed, can_play, filmed, track)]
        for of, queue in zip(study.sessions, known, strict=True):
            write_whole(_path(of.session.folder, coder), _as_json(queue))
    return _in_order(study, known)


def known_queue(study: Study, coder: str) -> list[tuple[StudySession, QueueItem]]:
    """The sample that was drawn for a coder, empty if none was.  Raises DataError."""
    return _in_order(study, _known_queues(study, coder))


def _known_queues(study: Study, coder: str) -> list[SessionQueue]:
    """One of each session, or none at all: a sample is of the whole study."""
    known = [read_queue(of.session.folder, coder) for of in study.sessions]
    return [queue for queue in known if queue] if all(known) else []


def _in_order(study: Study, queues: Sequence[SessionQueue]) -> list[tuple[StudySession, QueueItem]]:
    pairs = zip(study.sessions, queues, strict=False)  # no queues: no sample was drawn
    drawn = [(of, item) for of, queue in pairs for item in queue.items]
    return sorted(drawn, key=lambda pair: pair[1].place)


def read_queue(session_folder: Path, coder: str) -> SessionQueue | None:
    """What was drawn of a session for a coder; None: nothing was.

    Raises:
        DataError: the file cannot be read.
    """
    path = _path(session_folder, coder)
    try:
        return SessionQueue.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise DataError(f"{path} is not a queue of a review: {error}") from error


def stretches(verdicts: Sequence[Verdict], events: Iterable[Event]) -> list[Span]:
    """The judged time that belongs to no event, in stretches of at most STRETCH_S."""
    taken = sorted(_span(event) for event in events)
    return [part for free in _free(_judged(verdicts), taken) for part in _cut(free)]


def _draw(
    study: Study,
    sample: int,
    seed: int,
    can_play: Callable[[StudySession, Event], bool],
    filmed: Callable[[StudySession], Sequence[Span]],
    track: Callable[[Sequence[StudySession]], Iterable[StudySession]],
) -> Iterator[SessionQueue]:
    everything: dict[Stratum, list[tuple[int, Item, Span]]] = {name: [] for name in STRATA}
    for number, of in enumerate(track(study.sessions)):
        for event in of.session.events:
            if can_play(of, event):
                everything[_stratum(event)].append((number, event.id, _span(event)))
        if shown := filmed(of):
            free = stretches(of.session.verdicts, of.session.events)
            named = ((f"random-{k:04d}", span) for k, span in enumerate(free, start=1))
            everything["random"] += [
                (number, name, span) for name, span in named if _lies_in(span, shown)
            ]
    chance = random.Random(seed)
    chosen = []
    for name, size in shares(sample, {name: len(everything[name]) for name in STRATA}).items():
        drawn = chance.sample(everything[name], size)
        chosen += [(name, len(everything[name]) / size, *one) for one in drawn]
    chance.shuffle(chosen)
    for number, _ in enumerate(study.sessions):
        yield SessionQueue(
            sample=sample,
            seed=seed,
            population={
                name: sum(whose == number for whose, *_ in everything[name]) for name in STRATA
            },
            items=tuple(
                QueueItem(item, stratum, weight, place, *span)
                for place, (stratum, weight, whose, item, span) in enumerate(chosen)
                if whose == number
            ),
        )


def shares(sample: int, population: Mapping[Stratum, int]) -> dict[Stratum, int]:
    """How many are drawn of each stratum: as many of each, as far as there are so many."""
    smallest_first = sorted(population, key=lambda name: population[name])
    sizes: dict[Stratum, int] = {}
    for left, name in zip(range(len(smallest_first), 0, -1), smallest_first, strict=True):
        fair = -(-(sample - sum(sizes.values())) // left)
        sizes[name] = min(population[name], fair)
    return sizes


def _refuse_another(known: Sequence[SessionQueue], coder: str, sample: int, seed: int) -> None:
    for queue in known:
        if (queue.sample, queue.seed) != (sample, seed):
            raise SettingsError(
                f"{coder} has a sample of {queue.sample} with seed {queue.seed} of this study: "
                "give these, or another --coder"
            )


def _of_event(event: Event, weight: float, place: int) -> QueueItem:
    return QueueItem(event.id, _stratum(event), weight, place, *_span(event))


def _stratum(event: Event) -> Stratum:
    return "flagged" if event.kind == "micro" else "rejected"


def _span(event: Event) -> Span:
    return event.onset_s - MARGIN_S, event.offset_s + MARGIN_S


def _lies_in(span: Span, spans: Iterable[Span]) -> bool:
    return any(start_s <= span[0] and span[1] <= end_s for start_s, end_s in spans)


def _judged(verdicts: Sequence[Verdict]) -> Iterator[Span]:
    begun: float | None = None
    last_s = 0.0
    for verdict in verdicts:
        ends = verdict.assessable is not Assessable.YES or verdict.t_s - last_s > MAX_STEP_S
        if begun is not None and ends:
            yield begun, last_s
            begun = None
        if verdict.assessable is Assessable.YES and begun is None:
            begun = verdict.t_s
        last_s = verdict.t_s
    if begun is not None:
        yield begun, last_s


def _free(judged: Iterable[Span], taken: Sequence[Span]) -> Iterator[Span]:
    """Both in order of their starts."""
    for start_s, end_s in judged:
        for from_s, to_s in taken:
            if to_s <= start_s or from_s >= end_s:
                continue
            if from_s > start_s:
                yield start_s, from_s
            start_s = max(start_s, to_s)
        if start_s < end_s:
            yield start_s, end_s


def _cut(free: Span) -> Iterator[Span]:
    start_s, end_s = free
    while end_s - start_s > STRETCH_S + _LEAST_S:
        yield start_s, start_s + STRETCH_S
        start_s += STRETCH_S
    yield start_s, end_s


def _path(session_folder: Path, coder: str) -> Path:
    return session_folder.resolve() / FOLDER / f"{coder_name(coder)}.queue.json"


def _as_json(queue: SessionQueue) -> bytes:
    record = TypeAdapter(SessionQueue).dump_python(queue, mode="json", by_alias=True)
    return (json.dumps(record, indent=1) + "\n").encode()
