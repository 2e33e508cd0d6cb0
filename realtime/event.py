"""One event, as it is written to `events.jsonl`: one line, never rewritten.

Seconds are those of the source: of a film its own time line, otherwise from the first frame.
An event whose class or end became known after the flag went up gets a second line with the same
id and `"revises": true`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

SCHEMA = 1

Kind = Literal["micro", "macro", "rejected"]
CLASSES = ("negative", "positive", "surprise")
UNCLASSIFIED = "unclassified"
NETWORK_DOUBTS = "network doubts"


@dataclass(frozen=True, slots=True)
class Classification:
    """The engine's answer to one onset–apex pair."""

    label: str  # the likeliest of CLASSES
    probabilities: tuple[float, float, float]  # in the order of CLASSES, sum 1
    micro_probability: float  # that the pair holds a micro-expression at all
    engine: str  # which engine and weights said so
    doubted: bool = False  # `micro_probability` is below the engine's threshold


@dataclass(frozen=True, slots=True)
class Event:
    id: str  # "0001" and up, in the order of flagging
    face: int
    # of its landmarks at the apex: left, top, right, bottom, pixels
    face_box: tuple[float, float, float, float]
    kind: Kind
    onset_s: float
    apex_s: float
    offset_s: float
    flagged_s: float  # source time of the frame on which the flag went up
    onset_frame: int
    apex_frame: int
    offset_frame: int
    peak_motion_iod: float  # largest displacement of a region, share of the inter-ocular distance
    peak_sigma: float  # the same in noise units of that region
    regions: tuple[float, ...]  # share of the motion in AU regions 1..6, sum 1
    probability: float | None = None  # that it is one, by the spotter's verifier
    confounders: tuple[str, ...] = ()  # why it was rejected, or what stood beside it
    classification: Classification | None = None  # None: no engine, or it did not answer
    clip: str | None = None  # path inside the session folder
    stills: tuple[str, ...] = ()
    revises: bool = False

    @property
    def duration_s(self) -> float:
        return self.offset_s - self.onset_s

    @property
    def label(self) -> str:
        return self.classification.label if self.classification else UNCLASSIFIED

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against it: the rules' words, and the network's doubt of what was flagged."""
        verdict = self.classification
        doubted = self.kind == "micro" and verdict is not None and verdict.doubted
        return (*self.confounders, NETWORK_DOUBTS) if doubted else self.confounders

    def to_json(self) -> str:
        """The event as one line without its newline; equal events give equal bytes."""
        verdict = self.classification
        record: dict[str, object] = {
            "schema": SCHEMA,
            "id": self.id,
            "face": self.face,
            "face_box": [round(place) for place in self.face_box],
            "kind": self.kind,
            "onset_s": round(self.onset_s, 6),
            "apex_s": round(self.apex_s, 6),
            "offset_s": round(self.offset_s, 6),
            "flagged_s": round(self.flagged_s, 6),
            "onset_frame": self.onset_frame,
            "apex_frame": self.apex_frame,
            "offset_frame": self.offset_frame,
            "label": self.label,
            "probabilities": None
            if verdict is None
            else {c: round(p, 4) for c, p in zip(CLASSES, verdict.probabilities, strict=True)},
            "micro_probability": None if verdict is None else round(verdict.micro_probability, 4),
            "peak_motion_iod": round(self.peak_motion_iod, 5),
            "peak_sigma": round(self.peak_sigma, 2),
            "probability": None if self.probability is None else round(self.probability, 4),
            "regions": {str(i): round(v, 3) for i, v in enumerate(self.regions, start=1)},
            "confounders": list(self.reasons),
            "engine": None if verdict is None else verdict.engine,
            "clip": self.clip,
            "stills": list(self.stills),
        }
        if self.revises:
            record["revises"] = True
        return json.dumps(record, allow_nan=False)
