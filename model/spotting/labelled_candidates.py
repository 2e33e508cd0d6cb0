"""Sightings with the truth beside them: what the verifier is trained and measured on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.spotting.face_footage import FaceFrame
from model.spotting.insertions import InsertedMovement
from realtime.motion.region_motion import RegionMotion
from realtime.motion.stabiliser import Stabiliser
from realtime.spotting.apex import ApexConfig
from realtime.spotting.candidates import CandidateFinder, Stage
from realtime.spotting.onset import OnsetConfig
from realtime.spotting.rejection_rules import RejectionRules, confounders

SLACK_S = 0.1  # an apex this far outside the true interval is still a hit


@dataclass(frozen=True, slots=True)
class LabelledCandidate:
    stage: Stage
    apex_s: float
    onset_s: float
    offset_s: float
    strength: float
    continuous: bool
    passes_rules: bool  # no rule of `gates` speaks against it
    masked: bool  # lower face, while the person speaks
    event: int  # index of the movement it belongs to, or -1
    late_by_s: float  # its apex after the movement's; 0 if it belongs to none
    evidence: NDArray[np.float64]


def labelled_candidates(
    moments: Iterable[FaceFrame],
    added: Sequence[InsertedMovement],
    motion: RegionMotion | None = None,
) -> list[LabelledCandidate]:
    """Every sighting of the live path's front end over frames with known movements.

    Args:
        motion: another way to measure the regions than the live path's.
    """
    stabiliser = Stabiliser()
    sighter = CandidateFinder(OnsetConfig(), ApexConfig(), motion=motion)
    gates, rows = RejectionRules(), []
    last_ns: int | None = None
    for moment in moments:
        lost = last_ns is not None and moment.t_ns - last_ns > 250_000_000
        if moment.face is None or lost:
            stabiliser.reset()
            sighter.reset()
            last_ns = None
        if moment.face is None:
            continue
        last_ns = moment.t_ns
        held = stabiliser.align(moment.t_ns, moment.grey, moment.face)
        for seen in sighter.update(held, moment.face):
            pulse = seen.pulse
            apex_s = pulse.apex_ns / 1e9
            event = _event_at(apex_s, added)
            rows.append(
                LabelledCandidate(
                    seen.stage,
                    apex_s,
                    pulse.onset_ns / 1e9,
                    pulse.offset_ns / 1e9,
                    seen.candidate.strength,
                    seen.continuous,
                    not any(confounders(seen, gates)),
                    seen.masked,
                    event,
                    apex_s - added[event].apex_s if event >= 0 else 0.0,
                    seen.evidence,
                )
            )
    return rows


def _event_at(apex_s: float, added: Sequence[InsertedMovement]) -> int:
    for k, movement in enumerate(added):
        if movement.onset_s - SLACK_S <= apex_s <= movement.offset_s + SLACK_S:
            return k
    return -1
