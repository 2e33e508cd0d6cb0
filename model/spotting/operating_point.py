"""From probabilities to alarms: what a threshold costs and what it finds.

Alarms are counted as a user would, one movement one alarm, by the spotter's own rules.  The
operating table rests on people that the trees which judged them had not seen, watched as they
are.  Few people were at hand, and they differ: a target is the upper quartile of the rate of as
many people drawn from them with replacement, so that three of four such groups keep to it.  Below
the rate at which few alarms are left to count, the table follows the exponential tail of the
probability's log odds (peaks over a threshold).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.spotting.jobs import SimulationResult
from model.spotting.labelled_candidates import LabelledCandidate
from realtime.spotting.candidates import Stage
from realtime.spotting.onset_config import OnsetConfig
from realtime.spotting.spotter import SpotterConfig
from realtime.spotting.verifier import Verifier

TARGET_RATES = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0])  # a minute
_KEEPING = 0.75  # share of groups of people that keep to a target
_DRAWS = 400
# The first stage lets through what lies this much below the second's threshold, log odds: some
# two flags go up for each that stands.
LENIENCY = 0.5
_TAIL_PER_MIN = 2.0  # rate above which alarms are counted, below it their tail is extrapolated
_RELIABLE_FROM = -2.0  # log odds of the first stage
_BANDS = 10
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
    by_person = _by_group(real or simulated)
    counted = by_person.mean(axis=0)
    beside = _by_group(simulated).mean(axis=0) if simulated else np.full(len(_ODDS), np.nan)
    rates = _with_tail(_of_drawn_groups(by_person))
    least = np.interp(-np.log(TARGET_RATES), -np.log(rates), _ODDS)
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


@dataclass(frozen=True, slots=True)
class Reliability:
    """Flags of one band of probability."""

    probability: float  # mean
    right: float  # share that a movement was added for
    flags: int


def reliability(cases: Sequence[ScoredCandidates]) -> list[Reliability]:
    """Whether the second stage's probabilities are true, of what the first stage lets through.

    Of the cases with movements: as densely as these are strewn, not as rarely as people make them.
    """
    least = _probability(_RELIABLE_FROM)
    moved = [c for c in cases if c.result.events and not c.result.simulated]
    flags = [(p, e >= 0) for c in moved for first, p, e in _flags(c) if first >= least]
    bands = np.linspace(0, 1, _BANDS + 1)
    found = []
    for low, high in itertools.pairwise(bands):
        inside = [(p, right) for p, right in flags if low <= p < high]
        if inside:
            mean, right = np.mean(inside, axis=0)
            found.append(Reliability(float(mean), float(right), len(inside)))
    return found


def _flags(case: ScoredCandidates) -> Iterator[tuple[float, float, int]]:
    """(probability of the first stage, of the second, movement) of candidates with a second."""
    for first, second, event in zip(case.early, case.late, case.event, strict=True):
        if second < 1.0:
            yield float(first), float(second), int(event)


def _pair(odds: float) -> tuple[float, float]:
    """Probabilities of the first and of the second stage."""
    return _probability(odds - LENIENCY), _probability(odds)


def _probability(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def _by_group(cases: Sequence[ScoredCandidates]) -> Array:
    """(groups, thresholds of `_ODDS`) false alarms an assessable minute that stand."""
    names = sorted({c.result.group for c in cases})
    counts, minutes = np.zeros((len(names), len(_ODDS))), np.full(len(names), 1e-9)
    for case in cases:
        group = names.index(case.result.group)
        counts[group] += [alarms(case, *_pair(x))[0] for x in _ODDS]
        minutes[group] += max(case.result.seconds - OnsetConfig().learn_s, 0.0) / 60
    return np.asarray(counts / minutes[:, None], np.float64)


def _of_drawn_groups(rates: Array) -> Array:
    """The mean rate that `_KEEPING` of groups of people stay below, at every threshold."""
    rng, people = np.random.default_rng(0), len(rates)
    drawn = rng.multinomial(people, np.full(people, 1 / people), _DRAWS) / people
    return np.asarray(np.quantile(drawn @ rates, _KEEPING, axis=0), np.float64)


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
