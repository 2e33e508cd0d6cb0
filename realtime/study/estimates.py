"""Precision, recall and false alarms a minute, from a coder's answers to a sample.

The strata hold all judged time once, and of each the items were drawn at random; so a share of the
answers is an estimate of the share of the stratum.  Items answered with "unsure" count as not
drawn.  Recall counts what this study holds: what is not known are the micro-expressions among the
items that were not looked at.  They are drawn from the distributions of Clopper and Pearson's
bounds, the lower for one side of the interval and the upper for the other, so that a stratum with
one or no micro-expression among its answers promises too little rather than too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.errors import DataError
from realtime.recording.labels import CoderAnswer, Label, Stratum, read_labels
from realtime.statistics import rate_interval, share_interval
from realtime.study.queue import STRATA, QueueItem, read_queue
from realtime.study.study import Study, StudySession

_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class StratumCount:
    population: int = 0  # items that could have been drawn
    drawn: int = 0
    answered: int = 0  # of these, surely
    micro: int = 0  # of these, as micro-expressions

    def __add__(self, other: StratumCount) -> StratumCount:
        return StratumCount(
            self.population + other.population,
            self.drawn + other.drawn,
            self.answered + other.answered,
            self.micro + other.micro,
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    low: float  # of the 95 % interval
    high: float
    reckoning: str  # a sentence


@dataclass(frozen=True, slots=True)
class Estimates:
    """None: it cannot be estimated from these answers."""

    precision: Estimate | None
    recall: Estimate | None
    alarms_per_minute: Estimate | None


def count_answers(study: Study, coder: str) -> dict[Stratum, StratumCount]:
    """A coder's answers by stratum: of the sample, or of all flags where none was drawn.

    Raises:
        DataError: a queue cannot be read.
    """
    total = dict.fromkeys(STRATA, StratumCount())
    for of in study.sessions:
        said = read_labels(of.session.folder).get(coder, ())
        labels = {label.item: label for label in said}
        for name, count in _of_session(of, coder, labels).items():
            total[name] += count
    return total


def estimate(counts: Mapping[Stratum, StratumCount], judged_minutes: float) -> Estimates:
    """Pure."""
    flagged = counts["flagged"]
    return Estimates(
        precision=_precision(flagged),
        recall=_recall(counts),
        alarms_per_minute=_alarms(flagged, judged_minutes),
    )


def judged_minutes(study: Study) -> float:
    """Of all sessions, from their records where they ended.

    Raises:
        DataError: a table of frames cannot be read.
    """
    return sum(map(_judged_s, study.sessions)) / 60


def is_micro(label: Label, item: QueueItem) -> bool:
    """Whether the answer is a micro-expression of this item: with its apex, if moved, inside."""
    inside = label.apex_s is None or item.start_s <= label.apex_s <= item.end_s
    return label.answer is CoderAnswer.MICRO and inside


def _judged_s(of: StudySession) -> float:
    record = of.session.record
    if record is not None and record.counts is not None:
        return record.counts.seconds.judged
    return of.session.judged.judged_s


def _of_session(
    of: StudySession, coder: str, labels: Mapping[str, Label]
) -> dict[Stratum, StratumCount]:
    queue = read_queue(of.session.folder, coder)
    if queue is None:
        flags = [event for event in of.session.events if event.kind == "micro"]
        said = [labels[event.id] for event in flags if event.id in labels]
        sure = [label for label in said if label.answer is not CoderAnswer.UNSURE]
        micro = sum(label.answer is CoderAnswer.MICRO for label in sure)
        return {"flagged": StratumCount(len(flags), len(flags), len(sure), micro)}
    found: dict[Stratum, StratumCount] = {}
    for name in STRATA:
        drawn = [item for item in queue.items if item.stratum == name]
        pairs = [(labels[item.item], item) for item in drawn if item.item in labels]
        sure_pairs = [pair for pair in pairs if pair[0].answer is not CoderAnswer.UNSURE]
        micro = sum(is_micro(label, item) for label, item in sure_pairs)
        population = queue.population.get(name, 0)
        if population < len(drawn):
            raise DataError(f"{of.name}: the queue of {coder} holds more items than its population")
        found[name] = StratumCount(population, len(drawn), len(sure_pairs), micro)
    return found


def _precision(flagged: StratumCount) -> Estimate | None:
    if not flagged.answered:
        return None
    how = (
        f"{flagged.micro} of {flagged.answered} flagged movements were answered as "
        "micro-expressions; Wilson's interval of a share"
    )
    interval = share_interval(flagged.micro, flagged.answered)
    return Estimate(flagged.micro / flagged.answered, *interval, how)


def _alarms(flagged: StratumCount, minutes: float) -> Estimate | None:
    """Flags that are none, a minute.  Of n drawn of N flags each stands for N / n."""
    if not flagged.answered or minutes <= 0:
        return None
    wrong = flagged.answered - flagged.micro
    seen_minutes = minutes * flagged.answered / flagged.population
    how = (
        f"{wrong} of {flagged.answered} answered flags, of {flagged.population} in "
        f"{minutes:.1f} judged minutes, were none; Poisson's interval of a count"
    )
    return Estimate(wrong / seen_minutes, *rate_interval(wrong, seen_minutes), how)


def _recall(counts: Mapping[Stratum, StratumCount]) -> Estimate | None:
    """Found micro-expressions as a share of all: those missed lie in the other strata."""
    there = {name: counts[name] for name in STRATA if counts[name].population}
    unknown = [name for name in STRATA if name not in there or not there[name].answered]
    if "random" in unknown or any(name in there for name in unknown):
        return None
    whole = {name: c.population * c.micro / c.answered for name, c in there.items()}
    found, everything = whole.get("flagged", 0.0), sum(whole.values())
    if not everything:
        return None
    chance = np.random.default_rng(0)
    value = found / everything
    few = _simulated_recall(there, chance, found_more=False)
    many = _simulated_recall(there, chance, found_more=True)
    parts = ", ".join(
        f"{c.micro} of {c.answered} {name} (of {c.population})" for name, c in there.items()
    )
    how = (
        f"micro-expressions among the answered: {parts}; each stratum weighted by its size; "
        "interval by simulation from Clopper and Pearson's bounds of each stratum"
    )
    low, high = float(np.percentile(few, 2.5)), float(np.percentile(many, 97.5))
    return Estimate(value, low, high, how)


def _simulated_recall(
    there: Mapping[Stratum, StratumCount], chance: np.random.Generator, *, found_more: bool
) -> NDArray[np.float64]:
    """Draws of the recall, at most (_DRAWS,): from the upper or the lower bounds."""
    draws = {
        name: _total(count, chance, upper=(name == "flagged") is found_more)
        for name, count in there.items()
    }
    total = np.sum([*draws.values()], axis=0)
    found = draws.get("flagged", np.zeros(_DRAWS))
    shares: NDArray[np.float64] = found[total > 0] / total[total > 0]
    return shares


def _total(count: StratumCount, chance: np.random.Generator, *, upper: bool) -> NDArray[np.float64]:
    """Micro-expressions of a stratum (_DRAWS,): those seen, and those among the rest."""
    hits, misses = count.micro + upper, count.answered - count.micro + (not upper)
    share = chance.beta(hits, misses, _DRAWS) if hits and misses else np.full(_DRAWS, hits > 0)
    unseen = chance.binomial(count.population - count.answered, share)
    return (count.micro + unseen).astype(np.float64)
