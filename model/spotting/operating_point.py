"""From probabilities to alarms: what a threshold costs and what it finds.

Alarms are counted as a user would, one movement one alarm, by the spotter's own rules.  The
operating table rests on recordings of people and clips that the trees which scored them had not
seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.spotting.jobs import SimulationResult
from model.spotting.labelled_candidates import LabelledCandidate
from realtime.spotting.candidates import Stage
from realtime.spotting.spotter import SpotterConfig
from realtime.spotting.verifier import Verifier

# A minute; with room for people unseen the least that can be asked for is 0.05.
TARGET_RATES = np.array([0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0])
# The trees that judge a recording have not seen its face, yet all that they look at was chosen on
# these recordings: people of other portraits raised up to twice the alarms that are counted here.
UNSEEN = 2.0
RAISED = 2.0  # flags that may go up for each that may stand; the others are retracted

Array = NDArray[np.float64]
_RULES = SpotterConfig()


@dataclass(frozen=True, slots=True)
class ScoredCandidates:
    """The early candidates of one recording that may raise a flag, in order, with probabilities."""

    result: SimulationResult
    apex_s: Array  # (n,)
    event: NDArray[np.int64]  # (n,) movement it belongs to, or -1
    early: Array  # (n,) probability
    late: Array  # (n,) the highest of a late candidate of the same movement; 1 if there is none


@dataclass(frozen=True, slots=True)
class OperatingTable:
    """What keeps to each of TARGET_RATES, as counted on the recordings at hand."""

    least_early: Array
    least_late: Array
    recall: Array
    alarms_per_min: Array  # that stand

    @property
    def promised_per_min(self) -> Array:
        """The rates that hold for a person unseen."""
        return UNSEEN * TARGET_RATES


def score_with(result: SimulationResult, verifier: Verifier) -> ScoredCandidates:
    """By a verifier as the live path asks it."""
    p = [
        verifier.trees(r.stage).probability(np.asarray(r.features, np.float64)) for r in result.rows
    ]
    return scored(result, np.array(p))


def scored(result: SimulationResult, probability: Array) -> ScoredCandidates:
    """From the probability of every row."""
    late = [(r.apex_s, p) for r, p in _of_stage(result, probability, "late")]
    times, chances = np.array(late).reshape(-1, 2).T
    assessable = [(r, p) for r, p in _of_stage(result, probability, "early") if not r.masked]
    apex = np.array([r.apex_s for r, _ in assessable])
    best = [chances[np.abs(times - t) < _RULES.same_s].max(initial=-1.0) for t in apex]
    return ScoredCandidates(
        result,
        apex,
        np.array([r.event for r, _ in assessable], np.int64),
        np.array([p for _, p in assessable]),
        np.array([1.0 if p < 0 else p for p in best]),
    )


def _of_stage(
    result: SimulationResult, probability: Array, stage: Stage
) -> list[tuple[LabelledCandidate, float]]:
    rows = zip(result.rows, probability, strict=True)
    return [(r, float(p)) for r, p in rows if r.stage == stage and r.continuous]


def operating_table(cases: Sequence[ScoredCandidates]) -> OperatingTable:
    """For each target false-alarm rate the probabilities that keep to it."""
    low = np.linspace(0.005, 0.995, 199)
    raised = np.array([_rates(cases, early, 0.0)[0] for early in low])
    rows, k = [], 0
    for target in TARGET_RATES[::-1]:  # a lower target never has a laxer second stage
        first = low[min(int(np.searchsorted(-raised, -RAISED * target)), len(low) - 1)]
        rates = [_rates(cases, first, least) for least in low]
        k = next((j for j in range(k, len(low)) if rates[j][0] <= target), len(low) - 1)
        stand, recall = rates[k]
        rows.append((first, low[k], recall, stand))
    return OperatingTable(*np.array(rows[::-1]).T)


def _rates(cases: Sequence[ScoredCandidates], early: float, late: float) -> tuple[float, float]:
    """(false alarms a minute that stand, recall) of videos, simulated people and talkers.

    The rate is that of the kind with most: a target that holds on average is missed for whoever
    is harder to watch.  The recall is the mean.
    """
    parts = []
    for kind in sorted({_kind(j) for j in cases}):
        chosen = [j for j in cases if _kind(j) == kind]
        outcomes = [alarms(j, early, late) for j in chosen]
        minutes = sum(j.result.seconds for j in chosen) / 60
        events = sum(j.result.events for j in chosen)
        false = sum(false for false, _ in outcomes)
        found = sum(len(found) for _, found in outcomes)
        parts.append((false / minutes, found / max(events, 1)))
    return max(rate for rate, _ in parts), float(np.mean([recall for _, recall in parts]))


def _kind(case: ScoredCandidates) -> tuple[bool, bool]:
    return case.result.simulated, case.result.talking


def alarms(case: ScoredCandidates, early: float, late: float) -> tuple[int, set[int]]:
    """(false alarms, which movements were found) as the spotter decides by these probabilities."""
    last, false, found = -np.inf, 0, set[int]()
    for i in np.flatnonzero(case.early >= early):
        if abs(case.apex_s[i] - last) < _RULES.refractory_s:
            continue
        last = case.apex_s[i]
        if case.late[i] < late:
            continue
        if case.event[i] >= 0:
            found.add(int(case.event[i]))
        else:
            false += 1
    return false, found
