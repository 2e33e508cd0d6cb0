"""What several raters said of the same stretches of a session; the program is one of them.

Raters are compared on units.  An answer to an item is of the unit of that item.  Hand coding has
no items: its intervals are matched one to one to those of the others (IoU of at least 0.5).  Who
coded by hand watched the whole film, as the program did, so what they did not mark is `none` to
them; the time that nobody marked is cut into units of half a second.  Who answered a queue said
something of its items alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from realtime.errors import DataError
from realtime.event import UNCLASSIFIED, Event
from realtime.recording.labels import CoderAnswer, Label
from realtime.recording.session import Session
from realtime.study.interval_matching import Interval, match

PROGRAM = "program"
MICRO, NONE, UNSURE = (answer.value for answer in CoderAnswer)
UNMARKED_S = 0.5  # of one unit of the time that nobody marked: the longest micro-expression


@dataclass(frozen=True, slots=True)
class Rating:
    word: str  # a class, or micro without one; none; unsure
    interval: Interval | None = None  # onset and offset where the rater gave both, s
    apex_s: float | None = None


@dataclass(frozen=True, slots=True)
class SessionRatings:
    units: tuple[Mapping[str, Rating], ...]  # by rater; a rater who said nothing is not there
    unmarked: int  # units of UNMARKED_S that are none to all who saw the whole film
    saw_all: frozenset[str]  # the raters to whom `unmarked` applies


def rate(session: Session, raters: Sequence[str]) -> SessionRatings:
    """The units of a session on which some raters can be compared.

    Args:
        raters: coders, and PROGRAM.

    Raises:
        DataError, RecordingError: labels cannot be read.
    """
    events = {event.id: event for event in session.events}
    coders = {rater: session.labels.get(rater, ()) for rater in raters if rater != PROGRAM}
    units = _answered(coders)
    places = [_place(item, unit, events) for item, unit in units.items()]
    found = list(units.values())
    marked = {coder: _by_hand(labels) for coder, labels in coders.items()}
    saw_all = {c for c, labels in coders.items() if any(_is_by_hand(label) for label in labels)}
    if PROGRAM in raters:
        for item, unit in units.items():
            unit[PROGRAM] = _verdict(events.get(item))
        others = (e for e in session.events if e.kind == MICRO and e.id not in units)
        marked[PROGRAM] = [_verdict(event) for event in others]
        saw_all.add(PROGRAM)
    for rater in sorted(saw_all):
        _place_marked(rater, marked[rater], found, places)
    for unit, place in zip(found, places, strict=True):
        for rater in saw_all if place is not None else ():
            unit.setdefault(rater, Rating(NONE))
    unmarked = 0
    if len(saw_all) > 1:
        covered = sum(place[1] - place[0] for place in places if place is not None)
        unmarked = int(max(0.0, _seen_s(session) - covered) / UNMARKED_S)
    return SessionRatings(tuple(found), unmarked, frozenset(saw_all))


def _is_by_hand(label: Label) -> bool:
    return label.stratum == "imported"


def _answered(coders: Mapping[str, Sequence[Label]]) -> dict[str, dict[str, Rating]]:
    """The answers to items, by item and coder."""
    units: dict[str, dict[str, Rating]] = {}
    for coder, labels in coders.items():
        for label in labels:
            if not _is_by_hand(label):
                units.setdefault(label.item, {})[coder] = _rating(label)
    return units


def _by_hand(labels: Sequence[Label]) -> list[Rating]:
    """The intervals that a coder marked; what is none needs no mark."""
    marks = (_rating(label) for label in labels if _is_by_hand(label))
    return [mark for mark in marks if mark.word != NONE and mark.interval is not None]


def _rating(label: Label) -> Rating:
    onset_s, offset_s = label.onset_s, label.offset_s
    interval = None if onset_s is None or offset_s is None else (onset_s, offset_s)
    return Rating(label.word, interval, label.apex_s)


def _verdict(event: Event | None) -> Rating:
    if event is None or event.kind != MICRO:
        return Rating(NONE)
    word = MICRO if event.label == UNCLASSIFIED else event.label
    return Rating(word, (event.onset_s, event.offset_s), event.apex_s)


def _place(item: str, unit: Mapping[str, Rating], events: Mapping[str, Event]) -> Interval | None:
    """Where a unit lies: the program's event, else the first coder's interval; None: not known."""
    if item in events:
        return events[item].onset_s, events[item].offset_s
    return next((said.interval for said in unit.values() if said.interval is not None), None)


def _place_marked(
    rater: str,
    marks: Sequence[Rating],
    units: list[dict[str, Rating]],
    places: list[Interval | None],
) -> None:
    """Add a rater's marks to the units they overlap, and a unit for each that overlaps none."""
    free = [
        (unit, place)
        for unit, place in zip(units, places, strict=True)
        if rater not in unit and place is not None
    ]
    intervals = [mark.interval for mark in marks if mark.interval is not None]
    pairs = match([place for _, place in free], intervals, frames=False)
    matched = {mark: free[unit][0] for unit, mark in pairs}
    for number, mark in enumerate(marks):
        if number in matched:
            matched[number][rater] = mark
        else:
            units.append({rater: mark})
            places.append(mark.interval)


def _seen_s(session: Session) -> float:
    record = session.record
    if record is not None and record.counts is not None:
        return record.counts.seconds.seen
    try:
        return session.judged.seen_s
    except DataError:
        return 0.0
