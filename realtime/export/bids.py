"""A BIDS table of events, `NAME_events.tsv`, and the sidecar that explains its columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from realtime.atomic_file import write_whole
from realtime.event import Event

_NOT_THERE = "n/a"
_TYPES = {"micro": "micro_expression", "macro": "expression", "rejected": "rejected_movement"}
_COLUMNS = {
    "onset": "start of the movement, on the time line of the source",
    "duration": "from onset to offset",
    "trial_type": "verdict of the program",
    "apex": "peak of the movement, on the time line of the source",
    "label": "class of the movement by the engine",
    "reviewed": "label by a reviewer: a class, or none for no micro-expression",
    "probability": "that it is a micro-expression, by the spotter's verifier",
    "peak_motion": "displacement of the patch that moves most, share of the inter-ocular distance",
    "face_id": "number of the face in this session",
    "reasons": "why it was rejected",
}
_SECONDS = ("onset", "duration", "apex")


def write_bids(path: Path, events: Sequence[Event], said: Mapping[str, str]) -> None:
    """Write the table and, with the suffix .json, its sidecar; each whole or not at all.

    Raises:
        RecordingError: they cannot be written.
    """
    ordered = sorted(events, key=lambda event: event.onset_s)
    rows = [list(_COLUMNS), *(_row(event, said) for event in ordered)]
    write_whole(path, "".join("\t".join(row) + "\n" for row in rows).encode())
    described: dict[str, dict[str, object]] = {
        name: {"Description": text} for name, text in _COLUMNS.items()
    }
    for name in _SECONDS:
        described[name]["Units"] = "s"
    described["trial_type"]["Levels"] = {
        "micro_expression": "flagged, and not retracted",
        "expression": "flagged first, then it did not return: an ordinary expression",
        "rejected_movement": "not flagged, or retracted by the second stage",
    }
    write_whole(path.with_suffix(".json"), (json.dumps(described, indent=2) + "\n").encode())


def _row(event: Event, said: Mapping[str, str]) -> list[str]:
    return [
        f"{event.onset_s:.6f}",
        f"{event.duration_s:.6f}",
        _TYPES[event.kind],
        f"{event.apex_s:.6f}",
        _NOT_THERE if event.classification is None else event.label,
        said.get(event.id, _NOT_THERE),
        _NOT_THERE if event.probability is None else str(event.probability),
        str(event.peak_motion_iod),
        str(event.face),
        ", ".join(event.reasons) or _NOT_THERE,
    ]
