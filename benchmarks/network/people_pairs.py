"""What the network does on pairs of people: `python -m benchmarks.network.people_pairs PAIRS`

PAIRS is a pair file with the columns label, subject, kind, amp_iod and aus (as `4+7`), and side
where it is known; or a folder of films with a truth.json whose events also name `aus` and `side`:
pairs are then cut from onset to apex, and twice as many where no event is.  Tables: classes and
events by kind and by amplitude, beside the hand rule; how many events and non-events pass the event
threshold; action units and sides; how far the probability of an event can be believed.

With --left-out each subject is answered by the one engine among several that has not seen this
person: its engine.json names whom it has not, as `left_out`.  Without, by --engine, and people it
was trained on are in the figures.  Intervals are 95 %, by resampling people.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._common.markdown import publish, table
from benchmarks.network.labelled_people import PeoplePairs, read_people
from model.engine.engine_folder import read_description
from model.evaluation.baselines.hand_rule import HandRule
from model.evaluation.metrics.intervals import interval
from model.evaluation.metrics.ranking import auroc, expected_calibration_error, reliability
from model.evaluation.metrics.recognition import confusion, uf1
from model.evaluation.recogniser import Recogniser
from model.synthetic.recipe import NON_EVENT
from realtime.engine.folder import default_engine
from realtime.engine.named_units import named_sides, unit_probabilities
from realtime.errors import DataError, FleetingError
from realtime.event import ACTION_UNITS, CLASSES

NAMED_IOD = 0.015  # action units and sides are counted from this peak on
_BANDS_IOD = ((0.0, 0.01), (0.01, 0.015), (0.015, 0.025), (0.025, 1.0))


@dataclass(frozen=True, slots=True)
class PairAnswers:
    """One system's answers, row for row; NaN where no engine may answer."""

    name: str
    shares: NDArray[np.float64]  # (n, 3)
    micro: NDArray[np.float64]  # (n,) probability of an event
    passes: NDArray[np.bool_]  # (n,) at the threshold it ships with
    units: NDArray[np.float64] | None = None  # (n, 11, 2) probability, right and left
    named: NDArray[np.bool_] | None = None  # (n, 11, 2) at their thresholds


def answers_of(engine: Path, pairs: NDArray[np.uint8], name: str) -> PairAnswers:
    recogniser = Recogniser(engine)
    folder, answer = recogniser.folder, recogniser.answers(pairs)
    odds = answer.logits.astype(np.float64) / folder.temperature
    shares = np.exp(odds - odds.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    micro = _logistic(answer.micro_logit)
    passes = micro >= folder.micro_threshold
    if answer.au_logits is None:
        return PairAnswers(name, shares, micro, passes)
    units = unit_probabilities(answer.au_logits, folder.action_units)
    return PairAnswers(name, shares, micro, passes, units, named_sides(units, folder.action_units))


def left_out_answers(engines: Sequence[Path], people: PeoplePairs, name: str) -> PairAnswers:
    """Each subject's pairs by the engine that names this subject among `left_out`."""
    who = [set(read_description(engine).get("left_out", [])) for engine in engines]
    count = len(people.label)
    shares, micro = np.full((count, len(CLASSES)), np.nan), np.full(count, np.nan)
    passes = np.zeros(count, bool)
    units = np.full((count, len(ACTION_UNITS), 2), np.nan)
    named = np.zeros(units.shape, bool)
    for engine, subjects in zip(engines, who, strict=True):
        rows = np.flatnonzero(np.isin(people.subject, sorted(subjects)) & np.isnan(micro))
        if not rows.size:
            continue
        found = answers_of(engine, people.pairs[rows], name)
        shares[rows], micro[rows], passes[rows] = found.shares, found.micro, found.passes
        if found.units is not None and found.named is not None:
            units[rows], named[rows] = found.units, found.named
    if np.isnan(micro).any():
        unknown = sorted(set(people.subject[np.isnan(micro)].tolist()))
        raise DataError(f"every engine has seen {', '.join(unknown)}")
    return PairAnswers(name, shares, micro, passes, units, named)


def hand_rule_answers(people: PeoplePairs) -> PairAnswers:
    answer = HandRule().predict(people.pairs)
    return PairAnswers("hand rule", answer.probabilities, answer.micro, answer.micro > 0.5)


# --- Tables ------------------------------------------------------------------------------


def by_kind(people: PeoplePairs, systems: Sequence[PairAnswers]) -> str:
    """Classes and events, of all, of each kind and of each size."""
    event = people.label != NON_EVENT
    everything = np.ones(len(event), bool)
    groups = {"all": (everything, everything)}
    for kind in sorted(set(people.kind.tolist()) - {""}):
        groups[kind] = (people.kind == kind, people.kind == kind)
    for low, high in _BANDS_IOD:
        inside = (people.peak_iod >= low) & (people.peak_iod < high)
        if (inside & event).any():
            end = f"to under {100 * high:g}" if high < 1 else "and more"
            groups[f"{100 * low:g} {end} % of IOD"] = (inside, everything)
    rows = []
    for group, (shown, against) in groups.items():
        events, others = shown & event, against & ~event
        for system in systems:
            figures = _figures(people, system, events, others)
            counts = (str(events.sum()), str(others.sum()))
            rows.append([group, system.name, *counts, *figures])
    head = ["pairs", "system", "events", "none", "UF1", "event AUROC", "events pass", "none pass"]
    return table(head, rows)


def by_unit(people: PeoplePairs, system: PairAnswers) -> str:
    """F1 of each action unit over the events of `NAMED_IOD` and more, whatever the side."""
    assert system.named is not None
    large = np.flatnonzero((people.label != NON_EVENT) & (people.peak_iod >= NAMED_IOD))
    named = np.asarray(system.named.any(axis=2), bool)
    acts = people.units
    seen = [k for k in range(len(ACTION_UNITS)) if acts[large, k].any()]

    def f1(rows: NDArray[np.intp], unit: int) -> float:
        hits = (named[rows, unit] & acts[rows, unit]).sum()
        told = named[rows, unit].sum() + acts[rows, unit].sum()
        return float(2 * hits / told) if told else 0.0

    counts = {k: (acts[large, k].sum(), named[large, k].sum()) for k in seen}
    rows = [
        [ACTION_UNITS[k], str(there), str(told), f"{f1(large, k):.2f}"]
        for k, (there, told) in counts.items()
    ]
    macro = interval(
        lambda r: float(np.mean([f1(large[r], k) for k in seen])), people.subject[large]
    )
    rows.append(["mean", str(len(large)), "", str(macro)])
    return table(["unit", "events with it", "named", "F1"], rows)


def sides(people: PeoplePairs, system: PairAnswers) -> str:
    """Share of the sides that are right, of units that act and are named."""
    assert system.units is not None
    assert system.named is not None
    known = (people.side != "") & (people.label != NON_EVENT) & (people.peak_iod >= NAMED_IOD)
    told: list[tuple[str, str]] = []
    for row in np.flatnonzero(known):
        for unit in np.flatnonzero(people.units[row] & system.named[row].any(axis=1)):
            right, left = system.named[row, unit]
            told.append((str(people.side[row]), "B" if right and left else "R" if right else "L"))
    if not told:
        return "The pair file does not tell sides.\n"
    rows = []
    for side, words in (("R", "right"), ("L", "left"), ("B", "both")):
        own = [answer for truth, answer in told if truth == side]
        rows.append([words, str(len(own)), *(str(own.count(s)) for s in "RLB")])
    hits = sum(truth == answer for truth, answer in told)
    rows.append(["correct", str(len(told)), f"{hits / len(told):.2f}", "", ""])
    return table(["side", "units", "named right", "left", "both"], rows)


def calibration(people: PeoplePairs, system: PairAnswers) -> str:
    """Events among the pairs, by the probability that the network gives them."""
    event = people.label != NON_EVENT
    bins = reliability(system.micro, event, 5)
    rows = [[f"{b.confidence:.2f}", str(b.count), f"{b.accuracy:.2f}"] for b in bins if b.count]
    error = expected_calibration_error(system.micro, event, 5)
    text = table(["mean probability", "pairs", "share of events"], rows)
    return f"{text}\nExpected calibration error {error:.3f}.\n"


def _figures(
    people: PeoplePairs,
    system: PairAnswers,
    events: NDArray[np.bool_],
    others: NDArray[np.bool_],
) -> list[str]:
    """UF1, event AUROC, and the shares of events and of non-events that pass, with intervals."""

    def class_score(rows: NDArray[np.intp]) -> float | None:
        own = rows[events[rows]]
        if not own.size:
            return None
        return uf1(confusion(people.label[own], system.shares[own].argmax(axis=1)))

    def rank(rows: NDArray[np.intp]) -> float | None:
        return auroc(system.micro[rows[events[rows]]], system.micro[rows[others[rows]]])

    def share_of(chosen: NDArray[np.bool_]) -> Callable[[NDArray[np.intp]], float | None]:
        def share(rows: NDArray[np.intp]) -> float | None:
            own = rows[chosen[rows]]
            return float(system.passes[own].mean()) if own.size else None

        return share

    statistics = (class_score, rank, share_of(events), share_of(others))
    return [str(interval(statistic, people.subject)) for statistic in statistics]


def _logistic(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.asarray(logits, np.float64))))


def report(given: argparse.Namespace) -> str:
    people = read_people(given.pairs)
    if given.left_out:
        network = left_out_answers(given.left_out, people, "network, person left out")
    else:
        network = answers_of(given.engine, people.pairs, "network")
    others = [answers_of(Path(path), people.pairs, name) for name, path in given.other_engine]
    systems = [network, *others, hand_rule_answers(people)]
    count = len(set(people.subject.tolist()))
    parts = [
        f"# Pairs of people\n\n{count} people, {len(people.label)} pairs. Chance: AUROC 0.50.\n\n",
        by_kind(people, systems),
    ]
    if network.named is not None:
        parts += [f"\n## Action units, from {100 * NAMED_IOD:g} % of the IOD on\n\n"]
        parts += [by_unit(people, network), "\n", sides(people, network)]
    parts += ["\n## Is the probability of an event to be believed\n\n"]
    parts += [calibration(people, network)]
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.network.people_pairs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--engine", type=Path, default=default_engine())
    parser.add_argument("--left-out", type=Path, nargs="+", default=[], metavar="ENGINE")
    parser.add_argument(
        "--other-engine", nargs=2, action="append", default=[], metavar=("NAME", "FOLDER")
    )
    parser.add_argument("--out", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        text = report(given)
    except FleetingError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
