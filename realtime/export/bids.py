"""A BIDS table of events, `NAME_events.tsv`, and the sidecar that explains its columns.

In a table that is there, the rows that this program wrote before are replaced; rows and columns of
others are kept, and so is what the sidecar says of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from realtime.atomic_file import write_whole
from realtime.errors import DataError
from realtime.event import Event
from realtime.export.safe_text import one_line
from realtime.recording.labels import Label
from realtime.recording.markers import Marker

_NOT_THERE = "n/a"
_TYPES = {"micro": "micro_expression", "macro": "expression", "rejected": "rejected_movement"}
_COLUMNS = {
    "onset": "start of the movement, on the time line of the source",
    "duration": "from onset to offset",
    "trial_type": "verdict of the program",
    "apex": "peak of the movement, on the time line of the source",
    "label": "class of the movement by the engine",
    "probability": "that it is a micro-expression, by the spotter's verifier",
    "peak_motion": "displacement of the patch that moves most, share of the inter-ocular distance",
    "face_id": "number of the face in this session",
    "reasons": "why it was rejected",
}
_MARKER = "marker"  # type of the row of a marker
_MARKER_COLUMNS = {
    "value": "label of the marker",
    "marker_origin": "of a marker: a key, an LSL stream, or a line to the marker port",
}
_CODED = "coded_by_"  # and the coder's name
_OF_CODER = "answer of this coder: a class, micro (no class given), none or unsure"
_SECONDS = ("onset", "duration", "apex")
_LEVELS = {
    "micro_expression": "flagged, and not retracted",
    "expression": "flagged first, then it did not return: an ordinary expression",
    "rejected_movement": "not flagged, or retracted by the second stage",
    _MARKER: "a moment that a person or a program of the experiment marked",
}

Row = dict[str, str]


def write_bids(
    path: Path,
    events: Sequence[Event],
    labels: Mapping[str, Sequence[Label]],
    markers: Sequence[Marker] = (),
    *,
    force: bool = False,
) -> None:
    """Write the table and, with the suffix .json, its sidecar; each whole or not at all.

    Args:
        labels: what people answered, by coder.
        force: write new files in the place of those that are there.

    Raises:
        DataError: what is there is no such table or sidecar.
        RecordingError: they cannot be written.
    """
    sidecar = path.with_suffix(".json")
    columns, rows = ([], []) if force else _table(path)
    described = {} if force else _described(sidecar)
    ours = _COLUMNS | {f"{_CODED}{coder}": _OF_CODER for coder in labels}
    if markers:
        ours |= _MARKER_COLUMNS
    columns += [name for name in ours if name not in columns]
    rows += [_row(event) | _words(event, labels) for event in events]
    rows += [_marker_row(marker) for marker in markers]
    rows.sort(key=lambda row: _seconds(row["onset"]))
    lines = [columns, *([row.get(name, _NOT_THERE) for name in columns] for row in rows)]
    write_whole(path, "".join("\t".join(line) + "\n" for line in lines).encode())
    write_whole(sidecar, (json.dumps(_with_ours(described, ours), indent=2) + "\n").encode())


def _table(path: Path) -> tuple[list[str], list[Row]]:
    """Columns and rows that are there, without those this program wrote."""
    if not path.is_file():
        return [], []
    try:
        text = path.read_text("utf-8-sig")
        header, *lines = (line.removesuffix("\r") for line in text.removesuffix("\n").split("\n"))
    except (OSError, ValueError) as error:
        raise _kept(path, f"it is no table of events ({error})") from error
    columns = header.split("\t")
    if "onset" not in columns or len(set(columns)) < len(columns):
        raise _kept(path, "it is no table of events (no column onset)")
    rows = []
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise _kept(path, f"line {number} has {len(cells)} cells, not {len(columns)}")
        row = dict(zip(columns, cells, strict=True))
        if not _is_ours(row):
            rows.append(row)
    return columns, rows


def _is_ours(row: Row) -> bool:
    """By a cell that only this program fills."""
    own = "marker_origin" if row.get("trial_type") == _MARKER else "peak_motion"
    known = row.get("trial_type") in (_MARKER, *_TYPES.values())
    return known and row.get(own, _NOT_THERE) != _NOT_THERE


def _described(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        described = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise _kept(path, f"it is no JSON ({error})") from error
    if not isinstance(described, dict):
        raise _kept(path, "it does not describe columns")
    return described


def _kept(path: Path, why: str) -> DataError:
    return DataError(f"{path} is kept as it is: {why}; --force writes a new file in its place")


def _with_ours(described: dict[str, Any], ours: Mapping[str, str]) -> dict[str, Any]:
    """What is said of others' columns stays; of a column that both have, theirs."""
    for name, text in ours.items():
        known = {"Description": text}
        if name in _SECONDS:
            known["Units"] = "s"
        described.setdefault(name, known)
    types = described["trial_type"]
    if isinstance(types, dict):
        levels = types.setdefault("Levels", {})
        if isinstance(levels, dict):
            levels |= _LEVELS
    return described


def _seconds(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("inf")


def _words(event: Event, labels: Mapping[str, Sequence[Label]]) -> Row:
    """What each coder answered to an event."""
    return {
        f"{_CODED}{coder}": label.word
        for coder, said in labels.items()
        for label in said
        if label.item == event.id
    }


def _row(event: Event) -> Row:
    cells = {
        "onset": f"{event.onset_s:.6f}",
        "duration": f"{event.duration_s:.6f}",
        "trial_type": _TYPES[event.kind],
        "apex": f"{event.apex_s:.6f}",
        "label": _NOT_THERE if event.classification is None else event.label,
        "probability": _NOT_THERE if event.probability is None else str(event.probability),
        "peak_motion": str(event.peak_motion_iod),
        "face_id": str(event.face),
        "reasons": ", ".join(event.reasons) or _NOT_THERE,
    }
    return {name: one_line(cell) for name, cell in cells.items()}


def _marker_row(marker: Marker) -> Row:
    return {
        "onset": f"{marker.t_s:.6f}",
        "duration": "0",
        "trial_type": _MARKER,
        "value": one_line(marker.label) or _NOT_THERE,
        "marker_origin": marker.origin,
    }
