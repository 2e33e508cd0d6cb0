"""Make probabilities mean what they say: `fleeting calibrate confidence --engine DIR`

One temperature divides the logits so that of the classes given 0.8, eight in ten are right
(Guo et al., 2017), and one threshold of the event head lets pass a stated share of the pairs that
are no event.  Both are fitted on half of the people and reported on the other half; `--write` puts
them into engine.json, where the live path reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize_scalar

from calibration.held_out_pairs import HeldOutPairs, fit_and_score
from model.engine.engine_folder import CARD, read_description, write_description
from model.engine.model_card import card
from model.evaluate import Sample
from model.evaluation.metrics.ranking import expected_calibration_error
from model.evaluation.recogniser import Recogniser
from model.synthetic.recipe import NON_EVENT
from realtime.errors import DataError

Array = NDArray[np.float64]
_LEAST = 30  # events, and non-events: fewer are not enough to calibrate a probability


@dataclass(frozen=True, slots=True)
class Answers:
    """The engine's outputs for n pairs, and their labels."""

    label: NDArray[np.intp]  # (n,) class, or NON_EVENT
    logits: Array  # (n, 3)
    micro: Array  # (n,) probability of an event

    @property
    def event(self) -> NDArray[np.bool_]:
        return np.asarray(self.label != NON_EVENT)

    def shares(self, temperature: float) -> Array:
        """(events, 3) class probabilities of the events."""
        scaled = self.logits[self.event] / temperature
        odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float64)


@dataclass(frozen=True, slots=True)
class Fit:
    temperature: float
    micro_threshold: float


@dataclass(frozen=True, slots=True)
class ConfidenceReport:
    """On people that are not in the fit."""

    ece_before: float
    ece_after: float
    sure: float  # share of the events whose class gets at least `SURE`
    right_when_sure: float
    found: float  # share of the events that pass the threshold
    passed: float  # share of the non-events that do


SURE = 0.7


def answers(recogniser: Recogniser, samples: Sequence[Sample]) -> Answers:
    given = recogniser.answers(np.stack([s.pair for s in samples]))
    return Answers(
        np.array([s.label for s in samples]),
        given.logits.astype(np.float64),
        1 / (1 + np.exp(-given.micro_logit.astype(np.float64))),
    )


def fit(known: Answers, false_share: float) -> Fit:
    """The temperature of least log loss, and the threshold that `false_share` of non-events pass.

    Raises:
        DataError: too few events or non-events to fit anything on.
    """
    event = known.event
    if min(event.sum(), (~event).sum()) < _LEAST:
        raise DataError(f"{_LEAST} events and {_LEAST} non-events at least are needed to fit on")
    truth = known.label[event]

    def loss(log_temperature: float) -> float:
        shares = known.shares(float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(shares[np.arange(len(truth)), truth], 1e-12)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.2), np.log(10.0)), method="bounded")
    threshold = float(np.quantile(known.micro[~event], 1 - false_share))
    return Fit(float(np.exp(best.x)), threshold)


def report(seen: Answers, found: Fit) -> ConfidenceReport:
    truth, event = seen.label[seen.event], seen.event
    before, after = seen.shares(1.0), seen.shares(found.temperature)
    right = after.argmax(axis=1) == truth
    sure = after.max(axis=1) >= SURE
    passes = seen.micro >= found.micro_threshold
    return ConfidenceReport(
        expected_calibration_error(before.max(axis=1), before.argmax(axis=1) == truth),
        expected_calibration_error(after.max(axis=1), right),
        float(sure.mean()),
        float(right[sure].mean()) if sure.any() else float("nan"),
        float(passes[event].mean()),
        float(passes[~event].mean()),
    )


def write(engine: Path, found: Fit) -> None:
    description = read_description(engine)
    description["temperature"] = round(found.temperature, 4)
    description["micro_threshold"] = round(found.micro_threshold, 4)
    write_description(engine, description)
    (engine / CARD).write_text(card(description), "utf-8")


def shown(found: Fit, seen: ConfidenceReport) -> Table:
    table = Table(title="on people that are not in the fit")
    table.add_column("what")
    table.add_column("figure", justify="right")
    rows = {
        "temperature": f"{found.temperature:.3f}",
        "expected calibration error before": f"{seen.ece_before:.3f}",
        "expected calibration error after": f"{seen.ece_after:.3f}",
        f"events whose class gets {SURE} or more": f"{seen.sure:.0%}",
        "of those correctly classified": f"{seen.right_when_sure:.0%}",
        "threshold of the event head": f"{found.micro_threshold:.3f}",
        "events that pass it": f"{seen.found:.0%}",
        "non-events that pass it": f"{seen.passed:.0%}",
    }
    for what, figure in rows.items():
        table.add_row(what, figure)
    return table


def run(engine: Path, pairs: HeldOutPairs, *, false_share: float, write_it: bool) -> None:
    """Fit, print and, where it is wanted, write; see `fleeting calibrate confidence --help`.

    Raises:
        SettingsError, DataError: there are no pairs to fit on.
        EngineError: the engine cannot be used.
    """
    recogniser = Recogniser(engine)
    to_fit, to_score = fit_and_score(pairs)
    found = fit(answers(recogniser, to_fit), false_share)
    Console().print(shown(found, report(answers(recogniser, to_score), found)))
    if write_it:
        write(engine, found)
