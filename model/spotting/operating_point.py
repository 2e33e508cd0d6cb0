"""From probabilities to alarms: what a threshold costs and what it finds.

Alarms are counted as a user would, one movement one alarm, by the spotter's own rules.  The
operating table rests on people that the trees which judged them had not seen, watched as they
are: a target is the rate that was counted on them.  Below the rate at which few alarms are left
to count, the table follows the exponential tail of the probability's log odds (peaks over a
threshold).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.spotting.jobs import SimulationResult
from model.spotting.labelled_candidates import LabelledCandidate
from realtime.spotting.candidates import Stage
from realtime.spotting.onset import OnsetConfig
from realtime.spotting.spotter import SpotterConfig
from realtime.spotting.verifier import Verifier

TARGET_RATES = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0])  # a minute
# Rates counted on people left out are those of the films and behaviours that were at hand: a target
# leaves so much room for others.
UNSEEN = 1.4
# The first stage lets through what lies this much below the second's threshold, log odds: some
# two flags go up for each that stands.
LENIENCY = 0.5
_TAIL_PER_MIN = 2.0  # rate above which alarms are counted, below it their tail is extrapolated
_ODDS = np.linspace(-6.0, 8.0, 281)  # thresholds of the second stage, log odds

Array = NDArray[np.float64]
_RULES = SpotterConfig()


@dataclass(frozen=True, slots=True)
class ScoredCandidates:
    """Of one recording, the early candidates that may raise a flag, in the order they came."""

    result: SimulationResult
    apex_s: Array  # (n,)
    event: NDArray[np.int64]  # (n,) movement it belongs to, or -1
    early: Array  # (n,) probability
    late: Array  # (n,) the highest of a late candidate of the same movement; 1 if there is none


@dataclass(frozen=True, slots=True)
class OperatingTable:
    """Probabilities that keep to each of TARGET_RATES on people left out."""

    least_early: Array
    least_late: Array
    recall: Array  # of added movements of all sizes
    alarms_per_min: Array  # counted, of real people
    simulated_per_min: Array  # of simulated ones

    @property
    def target_per_min(self) -> Array:
        return TARGET_RATES


def score_with(result: SimulationResult, verifier: Verifier) -> ScoredCandidates:
    """By a verifier as the live path uses it."""
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
    """For each target the probabilities that keep to it.

    Rates are counted on the cases without movements, recall on the others.  Real people decide;
    where there are none, simulated ones do.
    """
    still = [c for c in cases if not c.result.events]
    moved = [c for c in cases if c.result.events]
    real = [c for c in still if not c.result.simulated]
    simulated = [c for c in still if c.result.simulated]
    counted = _rates(real or simulated)
    beside = _rates(simulated) if simulated else np.full(len(_ODDS), np.nan)
    rates = _with_tail(counted)
    least = np.interp(-np.log(TARGET_RATES / UNSEEN), -np.log(rates), _ODDS)
    events = sum(c.result.events for c in moved)
    found = [sum(len(alarms(c, *_pair(x))[1]) for c in moved) / max(events, 1) for x in least]
    early, late = np.array([_pair(x) for x in least]).T
    return OperatingTable(
        early,
        late,
        np.array(found),
        np.interp(least, _ODDS, counted),
        np.interp(least, _ODDS, beside),
    )


def _pair(odds: float) -> tuple[float, float]:
    """Probabilities of the first and of the second stage."""
    return _probability(odds - LENIENCY), _probability(odds)


def _probability(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def _rates(cases: Sequence[ScoredCandidates]) -> Array:
    """False alarms an assessable minute that stand, at every threshold of `_ODDS`."""
    minutes = sum(max(c.result.seconds - OnsetConfig().learn_s, 0.0) for c in cases) / 60
    return np.array([sum(alarms(c, *_pair(x))[0] for c in cases) / minutes for x in _ODDS])


def _with_tail(rates: Array) -> Array:
    """Positive, strictly falling: an exponential where few alarms are left to count."""
    falling = np.minimum.accumulate(np.maximum(rates, 0.0))
    above = np.flatnonzero(falling >= _TAIL_PER_MIN)
    start = int(above[-1]) if len(above) else 0
    first = max(float(falling[start]), 1e-3)
    # the mean excess over the start is the tail's scale: the area below the rate
    scale = max(float(np.trapezoid(falling[start:], _ODDS[start:])) / first, 0.1)
    tail = first * np.exp(-(_ODDS - _ODDS[start]) / scale)
    joined = np.where(np.arange(len(rates)) <= start, falling, tail)
    return np.asarray(joined * np.exp(-1e-6 * np.arange(len(rates))), np.float64)


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
