"""Spot-then-recognise: STRS = F1 of spotting × F1 of recognition over what was spotted.

F1 of recognition is the harmonic mean of macro precision and macro recall over the true positives
whose true emotion is among those evaluated; other emotions still count in spotting.

`compat` counts as the public script of the challenge does, to compare with published figures:
intervals are matched first come, first served in file order and one prediction may take two
truths; only subjects that have a prediction, and only videos that have a truth, are visited; a
class whose 2 × 2 matrix has one value only scores 0; "uar" there is the mean precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.evaluation.metrics.spotting_counts import MatchCounts
from realtime.study.interval_matching import IOU, Interval, iou, match

Mode = Literal["reference", "compat"]


@dataclass(frozen=True, slots=True)
class Named:
    """One interval of one video with its emotion; frames, both ends included."""

    subject: str
    video: str
    onset: int
    offset: int
    emotion: str

    @property
    def interval(self) -> Interval:
        return (self.onset, self.offset)


@dataclass(frozen=True, slots=True)
class StrsScores:
    spotting: MatchCounts
    analysed: int  # true positives whose true emotion is evaluated
    precision: float
    recall: float
    f1_analysis: float
    uf1: float
    strs: float


def score(
    truth: Sequence[Named],
    predicted: Sequence[Named],
    emotions: Sequence[str],
    mode: Mode = "reference",
) -> StrsScores:
    """Scores over the database; `emotions` are the classes that are evaluated."""
    pairs, counts = _paired(truth, predicted, mode)
    shown = [(t, p) for t, p in pairs if t.emotion in emotions]
    per_class = [_class_figures(shown, emotion, mode) for emotion in emotions]
    precision, recall, f1 = (float(np.mean(column)) for column in zip(*per_class, strict=True))
    both = precision + recall
    if both:
        f1_analysis = 2 * precision * recall / both
    else:
        f1_analysis = float("nan") if mode == "compat" else 0.0
    return StrsScores(
        counts, len(shown), precision, recall, f1_analysis, f1, counts.f1 * f1_analysis
    )


def _paired(
    truth: Sequence[Named], predicted: Sequence[Named], mode: Mode
) -> tuple[list[tuple[Named, Named]], MatchCounts]:
    places = [(each.subject, each.video) for each in (*truth, *predicted)]
    if mode == "compat":
        with_truth = {(each.subject, each.video) for each in truth}
        subjects = {each.subject for each in predicted}
        places = [place for place in places if place in with_truth and place[0] in subjects]
    pairs: list[tuple[Named, Named]] = []
    counts = MatchCounts(0, 0, 0)
    for place in dict.fromkeys(places):
        there = [each for each in truth if (each.subject, each.video) == place]
        found = [each for each in predicted if (each.subject, each.video) == place]
        if mode == "compat":
            hits = _first_come(there, found)
        else:
            matched = match([t.interval for t in there], [p.interval for p in found])
            hits = [(there[t], found[p]) for t, p in matched]
        pairs += hits
        counts += MatchCounts(len(hits), len(there), len(found))
    return pairs, counts


def _first_come(truth: Sequence[Named], predicted: Sequence[Named]) -> list[tuple[Named, Named]]:
    """In file order, each truth once; a prediction that reaches two truths takes both."""
    taken: set[int] = set()
    hits = []
    for prediction in predicted:
        for index, each in enumerate(truth):
            if index not in taken and iou(each.interval, prediction.interval) >= IOU:
                taken.add(index)
                hits.append((each, prediction))
    return hits


def _class_figures(
    pairs: Sequence[tuple[Named, Named]], emotion: str, mode: Mode
) -> tuple[float, float, float]:
    """(precision, recall, F1) of one emotion among the analysed pairs."""
    right = sum(t.emotion == p.emotion == emotion for t, p in pairs)
    named = sum(p.emotion == emotion for _, p in pairs)
    shown = sum(t.emotion == emotion for t, _ in pairs)
    if mode == "compat" and right == named == shown and right in (0, len(pairs)):
        return 0.0, 0.0, 0.0
    precision = right / named if named else 0.0
    recall = right / shown if shown else 0.0
    both = named + shown
    return precision, recall, 2 * right / both if both else 0.0
