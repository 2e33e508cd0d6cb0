"""One event, as it is written to `events.jsonl`: one line, never rewritten.

Seconds are those of the source: of a film its own time line, otherwise from the first frame.
An event whose class or end became known after the flag went up gets a second line with the same
id and `"revises": true`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from realtime.errors import DataError

SCHEMA = 1

Kind = Literal["micro", "macro", "rejected"]
Side = Literal["both", "right", "left"]
CLASSES = ("negative", "positive", "surprise")
# Action units (FACS) that the network tells apart, each on the person's right and left.
ACTION_UNITS = ("1+2", "4", "5", "6", "7", "9", "10", "12", "14", "15", "17")
UNCLASSIFIED = "unclassified"
NETWORK_DOUBTS = "network doubts"
NOT_CONFIRMED = "not confirmed"  # flagged, and the second stage never came: frames were missing


@dataclass(frozen=True, slots=True)
class Classification:
    """The engine's answer to one onset–apex pair."""

    label: str  # the likeliest of CLASSES
    probabilities: tuple[float, float, float]  # in the order of CLASSES, sum 1
    micro_probability: float  # that the pair holds a micro-expression at all
    engine: str  # which engine and weights said so
    doubted: bool = False  # `micro_probability` is below the engine's threshold


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One action unit (FACS) of an event."""

    unit: str  # of ACTION_UNITS
    side: Side  # of the person
    amplitude_iod: float  # of the skin's farthest point, share of the inter-ocular distance
    probability: float  # that it acts, [0, 1]

    def to_record(self) -> dict[str, str | float]:
        return {
            "unit": self.unit,
            "side": self.side,
            "amplitude_iod": round(self.amplitude_iod, 5),
            "probability": round(self.probability, 4),
        }


@dataclass(frozen=True, slots=True)
class Event:
    id: str  # "0001" and up, in the order of flagging
    face: int
    # of its landmarks at the apex: left, top, right, bottom, pixels; None: not known
    face_box: tuple[float, float, float, float] | None
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
    # by the engine, most probable first; None: no engine that names them, or it did not answer
    action_units: tuple[ActionUnit, ...] | None = None
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
        """Why it was rejected, by the rules; and `network doubts` beside a flag."""
        verdict = self.classification
        doubted = self.kind == "micro" and verdict is not None and verdict.doubted
        return (*self.confounders, NETWORK_DOUBTS) if doubted else self.confounders

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """The event of a line; `to_json` of it gives the line again, to the byte.

        Raises:
            DataError: the line is not an event; the message names the field.
        """
        try:
            record = _Line.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = "".join(f"{part}: " for part in first["loc"][:1])
            raise DataError(f"not an event ({where}{first['msg']})") from None
        box = record.face_box
        if box is not None and not (box[0] < box[2] and box[1] < box[3]):
            raise DataError("not an event (face_box: it is empty)")
        verdict = record.classification()
        reasons = record.confounders
        if verdict is not None and verdict.doubted:
            reasons = reasons[:-1]
        return cls(
            id=record.id,
            face=record.face,
            face_box=box,
            kind=record.kind,
            onset_s=record.onset_s,
            apex_s=record.apex_s,
            offset_s=record.offset_s,
            flagged_s=record.flagged_s,
            onset_frame=record.onset_frame,
            apex_frame=record.apex_frame,
            offset_frame=record.offset_frame,
            peak_motion_iod=record.peak_motion_iod,
            peak_sigma=record.peak_sigma,
            regions=tuple(record.regions.values()),
            probability=record.probability,
            confounders=reasons,
            classification=verdict,
            action_units=record.named_units(),
            clip=record.clip,
            stills=record.stills,
            revises=record.revises,
        )

    def to_json(self) -> str:
        """The event as one line without its newline; equal events give equal bytes."""
        verdict = self.classification
        record: dict[str, object] = {
            "schema": SCHEMA,
            "id": self.id,
            "face": self.face,
            "face_box": self.face_box and [round(place) for place in self.face_box],
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
        if self.action_units is not None:
            record["action_units"] = [named.to_record() for named in self.action_units]
        if self.revises:
            record["revises"] = True
        return json.dumps(record, allow_nan=False)


_Share = Annotated[FiniteFloat, Field(ge=0, le=1)]


class _Probabilities(BaseModel):
    negative: _Share
    positive: _Share
    surprise: _Share


class _NamedUnit(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    unit: Annotated[str, Field(pattern=r"^[0-9+]{1,8}$")]
    side: Side
    amplitude_iod: FiniteFloat
    probability: _Share


class _Line(BaseModel):
    """A line of the file; fields of a later version are ignored."""

    model_config = ConfigDict(frozen=True, strict=True)

    schema_: Literal[1] = Field(alias="schema")
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    face: int
    face_box: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    kind: Kind
    onset_s: FiniteFloat
    apex_s: FiniteFloat
    offset_s: FiniteFloat
    flagged_s: FiniteFloat
    onset_frame: int
    apex_frame: int
    offset_frame: int
    label: Literal["negative", "positive", "surprise", "unclassified"]
    probabilities: _Probabilities | None
    micro_probability: _Share | None
    peak_motion_iod: FiniteFloat
    peak_sigma: FiniteFloat
    probability: _Share | None = None
    regions: dict[str, FiniteFloat]
    confounders: tuple[str, ...]
    engine: str | None
    clip: str | None
    stills: tuple[str, ...]
    action_units: tuple[_NamedUnit, ...] | None = None
    revises: bool = False

    def named_units(self) -> tuple[ActionUnit, ...] | None:
        if self.action_units is None:
            return None
        return tuple(
            ActionUnit(named.unit, named.side, named.amplitude_iod, named.probability)
            for named in self.action_units
        )

    def classification(self) -> Classification | None:
        shares, micro = self.probabilities, self.micro_probability
        if shares is None or micro is None or self.label == UNCLASSIFIED:
            return None
        return Classification(
            self.label,
            (shares.negative, shares.positive, shares.surprise),
            micro,
            self.engine or "",
            doubted=self.kind == "micro" and self.confounders[-1:] == (NETWORK_DOUBTS,),
        )
