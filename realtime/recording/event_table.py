"""The events of sessions as a table: one row each, revisions applied, what coders answered beside.

Read by `Session.to_pandas` and by the tables of a study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from realtime.event import CLASSES, UNCLASSIFIED, Event
from realtime.recording.facs import notation
from realtime.recording.labels import Label
from realtime.recording.table_columns import TableColumn

VERDICTS = {
    "micro": "flagged as a micro-expression, and not retracted",
    "macro": "flagged first, then the face did not return: an ordinary expression",
    "rejected": "a movement that was not flagged, or was retracted by the second stage",
}
ANSWERS = {
    "micro": "a micro-expression",
    "none": "not a micro-expression",
    "unsure": "the coder is unsure",
    "": "not answered",
}
_REGIONS = ("eyes", "brows", "cheeks", "nose", "mouth", "chin")


@dataclass(frozen=True, slots=True)
class EventRow:
    session: str
    participant: str
    condition: str
    event: Event
    labels: Mapping[str, Label]  # of this event, by coder


def event_rows(
    events: Sequence[Event],
    labels: Mapping[str, Sequence[Label]],
    *,
    session: str,
    participant: str,
    condition: str,
) -> list[EventRow]:
    """Of one session.

    Args:
        labels: by coder.
    """
    answers = {coder: {label.item: label for label in said} for coder, said in labels.items()}
    return [
        EventRow(
            *(session, participant, condition, event),
            {coder: said[event.id] for coder, said in answers.items() if event.id in said},
        )
        for event in events
    ]


def event_columns(coders: Sequence[str]) -> list[TableColumn[EventRow]]:
    """Of the events; then what each coder answered."""
    return [*_ROW, *(_of_event(column) for column in EVENT), *_answers(coders)]


def label_columns() -> list[TableColumn[Label]]:
    """Of one answer."""
    return list(_LABEL)


def _of_event(column: TableColumn[Event]) -> TableColumn[EventRow]:
    return TableColumn(
        *(column.name, column.kind, column.text, lambda row: column.of(row.event)),
        *(column.unit, column.levels),
    )


def _answers(coders: Sequence[str]) -> list[TableColumn[EventRow]]:
    return [_of_coder(coder, column) for coder in coders for column in _LABEL]


def _of_coder(coder: str, column: TableColumn[Label]) -> TableColumn[EventRow]:
    def value(row: EventRow) -> object:
        label = row.labels.get(coder)
        return None if label is None else column.of(label)

    return TableColumn(
        *(f"{column.name}_{coder}", column.kind, f"{coder}: {column.text}", value),
        *(column.unit, column.levels),
    )


def _class_probability(event: Event) -> float | None:
    answer = event.classification
    return None if answer is None else answer.probabilities[CLASSES.index(answer.label)]


def _of_class(number: int) -> TableColumn[Event]:
    def value(event: Event) -> float | None:
        return None if event.classification is None else event.classification.probabilities[number]

    return TableColumn(
        *(f"p_{CLASSES[number]}", "number", f"probability of the class {CLASSES[number]}", value)
    )


def _of_region(number: int) -> TableColumn[Event]:
    name = _REGIONS[number]
    return TableColumn(
        *(f"region_{name}", "number", f"share of the movement in the AU region {name}"),
        lambda event: event.regions[number] if number < len(event.regions) else None,
        "share, sum 1",
    )


def _point_percent(event: Event) -> float | None:
    peaks = [unit.amplitude_iod for unit in event.action_units or ()]
    return 100 * max(peaks) if peaks else None


def _listed(values: Sequence[object]) -> str:
    return ";".join(str(value) for value in values)


_ROW: tuple[TableColumn[EventRow], ...] = (
    TableColumn("session", "text", "folder of the session, below the study", lambda r: r.session),
    TableColumn("participant", "text", "whose face it is", lambda r: r.participant),
    TableColumn("condition", "text", "condition of the experiment", lambda r: r.condition),
)
EVENT: tuple[TableColumn[Event], ...] = (
    TableColumn("event", "text", "id of the event in its session", lambda e: e.id),
    TableColumn("face", "count", "number of the face in its session", lambda e: e.face),
    TableColumn("verdict", "text", "by the program", lambda e: e.kind, levels=VERDICTS),
    TableColumn(
        "onset_s", "number", "start, on the time line of the source", lambda e: e.onset_s, "s"
    ),
    TableColumn(
        "apex_s", "number", "peak, on the time line of the source", lambda e: e.apex_s, "s"
    ),
    TableColumn(
        "offset_s", "number", "end, on the time line of the source", lambda e: e.offset_s, "s"
    ),
    TableColumn("duration_s", "number", "from onset to offset", lambda e: e.duration_s, "s"),
    TableColumn(
        "class",
        "text",
        "most probable class, by the network",
        lambda e: "" if e.label == UNCLASSIFIED else e.label,
        levels={**dict.fromkeys(CLASSES, "class of the movement"), "": "not classified"},
    ),
    TableColumn("class_probability", "number", "probability of this class", _class_probability),
    *map(_of_class, range(len(CLASSES))),
    TableColumn(
        "probability",
        "number",
        "that it is a micro-expression, by the spotter's verifier",
        lambda e: e.probability,
    ),
    TableColumn(
        "micro_probability",
        "number",
        "that the pair shows an event at all, by the network's event head",
        lambda e: None if e.classification is None else e.classification.micro_probability,
    ),
    TableColumn(
        "action_units",
        "text",
        "action units by FACS number, the most probable first, separated by ;",
        lambda e: _listed([unit.unit for unit in e.action_units or ()]),
    ),
    TableColumn(
        "action_unit_sides",
        "text",
        "side of the person of each: both, right or left",
        lambda e: _listed([unit.side for unit in e.action_units or ()]),
    ),
    TableColumn(
        "action_unit_probabilities",
        "text",
        "probability of each that it acts",
        lambda e: _listed([unit.probability for unit in e.action_units or ()]),
    ),
    TableColumn(
        "peak_percent_iod",
        "number",
        "displacement of the point that moves most, by the network's action units",
        _point_percent,
        "% of the inter-ocular distance",
    ),
    TableColumn(
        "patch_percent_iod",
        "number",
        "mean displacement of the patch of skin that moves most, by the spotter",
        lambda e: 100 * e.peak_motion_iod,
        "% of the inter-ocular distance",
    ),
    TableColumn(
        "peak_sigma", "number", "score in noise units of this face", lambda e: e.peak_sigma, "sigma"
    ),
    *map(_of_region, range(len(_REGIONS))),
    TableColumn(
        "reasons", "text", "why it was rejected, separated by ;", lambda e: _listed(e.reasons)
    ),
    TableColumn(
        "engine",
        "text",
        "backend and network that gave the class",
        lambda e: None if e.classification is None else e.classification.engine,
    ),
    TableColumn("clip", "text", "video of the event, in its session", lambda e: e.clip),
)
_LABEL: tuple[TableColumn[Label], ...] = (
    TableColumn("answer", "text", "is it one", lambda a: a.answer.value, levels=ANSWERS),
    TableColumn("emotion", "text", "class; empty: not given", lambda a: a.emotion),
    TableColumn("coded_onset_s", "number", "start, by the coder", lambda a: a.onset_s, "s"),
    TableColumn("coded_apex_s", "number", "peak, by the coder", lambda a: a.apex_s, "s"),
    TableColumn("coded_offset_s", "number", "end, by the coder", lambda a: a.offset_s, "s"),
    TableColumn("units", "text", "action units in FACS notation", lambda a: notation(a.units)),
    TableColumn("confidence", "number", "1 guessed to 5 certain", lambda a: a.confidence, "1 to 5"),
    TableColumn("comment", "text", "of the coder", lambda a: a.comment),
)
