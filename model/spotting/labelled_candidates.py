"""Candidates with the truth beside them: what the verifier is trained and measured on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.spotting.face_footage import FaceFrame
from model.spotting.series import FaceSeries
from realtime.motion.region_motion import RegionMotion
from realtime.spotting.candidates import CandidateFinder, MeasuredCandidate, Stage
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.rejection_rules import RejectionRules, confounders

_RULES = RejectionRules()
SLACK_S = 0.1  # an apex this far outside the true interval is still a hit


class _Movement(Protocol):
    """A movement at known times, seconds."""

    @property
    def onset_s(self) -> float: ...

    @property
    def apex_s(self) -> float: ...

    @property
    def offset_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class LabelledCandidate:
    stage: Stage
    apex_s: float
    onset_s: float
    offset_s: float
    strength: float
    continuous: bool
    passes_rules: bool  # none of `RejectionRules` objects
    masked: bool  # lower face, while the person speaks
    event: int  # index of the movement it belongs to, or -1
    late_by_s: float  # its apex after the movement's; 0 if it belongs to none
    features: NDArray[np.float64]


def labelled_candidates(
    frames: Iterable[FaceFrame],
    inserted: Sequence[_Movement],
    motion: RegionMotion | None = None,
) -> list[LabelledCandidate]:
    """Every candidate that the face pipeline measures in frames with known movements.

    Args:
        motion: another way to measure the regions than the live path's.
    """
    pipeline, found = FacePipeline(motion=motion), []
    for frame in frames:
        for measured in pipeline.follow(frame.t_ns, frame.grey, frame.face):
            found.append(_labelled(measured, inserted))
    return found


def labelled_in_series(series: FaceSeries, added: Sequence[_Movement]) -> list[LabelledCandidate]:
    """Every candidate that is found in a series with known movements."""
    finder, found = CandidateFinder(), []
    for t_s, row in zip(series.t_s.tolist(), series.rows.astype(np.float64), strict=True):
        found += [_labelled(m, added) for m in finder.find(round(t_s * 1e9), row)]
    return found


def _labelled(measured: MeasuredCandidate, inserted: Sequence[_Movement]) -> LabelledCandidate:
    pulse = measured.pulse
    apex_s = pulse.apex_ns / 1e9
    event = _event_at(apex_s, inserted)
    return LabelledCandidate(
        measured.stage,
        apex_s,
        pulse.onset_ns / 1e9,
        pulse.offset_ns / 1e9,
        measured.candidate.strength,
        measured.continuous,
        not any(confounders(measured, _RULES)),
        measured.masked,
        event,
        apex_s - inserted[event].apex_s if event >= 0 else 0.0,
        measured.features,
    )


def _event_at(apex_s: float, inserted: Sequence[_Movement]) -> int:
    for k, movement in enumerate(inserted):
        if movement.onset_s - SLACK_S <= apex_s <= movement.offset_s + SLACK_S:
            return k
    return -1
