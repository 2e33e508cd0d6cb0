"""How far raters agree: two at a time, and all coders together; the program is a rater too.

Detection asks whether a unit is a micro-expression; classification, which class it has, of the
units that both call one.  Units that a rater was unsure of are counted and left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from statistics import median

import numpy as np
from numpy.typing import NDArray

from realtime.event import CLASSES
from realtime.study.interval_matching import iou
from realtime.study.ratings import MICRO, NONE, PROGRAM, UNSURE, Rating, SessionRatings, rate
from realtime.study.reliability import AgreementEstimate, alpha, kappa
from realtime.study.study import Study

WORDS = (*CLASSES, MICRO, NONE)


@dataclass(frozen=True, slots=True)
class RaterPair:
    """Two raters on the units that both rated."""

    first: str
    second: str
    sessions: int  # in which there is such a unit
    confusion: NDArray[np.int64]  # (5, 5) units by word of the first and of the second, as WORDS
    unsure: int  # units left out, because one of them was unsure
    ious: tuple[float, ...]  # of micro-expressions to both, where both gave onset and offset
    apex_differences_s: tuple[float, ...]  # second less first, where both gave an apex

    @property
    def detection(self) -> NDArray[np.int64]:
        """(2, 2) units: micro-expression or not to the first, and to the second."""
        table, last = self.confusion, len(WORDS) - 1
        rows = np.add.reduceat(table, [0, last], axis=0)
        return np.asarray(np.add.reduceat(rows, [0, last], axis=1))

    @property
    def classes(self) -> NDArray[np.int64]:
        """(3, 3) units to which both gave a class."""
        return self.confusion[: len(CLASSES), : len(CLASSES)]

    @property
    def detection_kappa(self) -> AgreementEstimate:
        return kappa(self.detection)

    @property
    def detection_alpha(self) -> AgreementEstimate:
        return _alpha_of_two(self.detection)

    @property
    def class_kappa(self) -> AgreementEstimate:
        return kappa(self.classes)

    @property
    def class_alpha(self) -> AgreementEstimate:
        return _alpha_of_two(self.classes)

    @property
    def positive_agreement(self) -> float:
        """Twice the units that are one to both, over all that are one to either (F1)."""
        (both, first), (second, _) = self.detection
        return float(2 * both / (2 * both + first + second)) if both + first + second else math.nan

    @property
    def median_iou(self) -> float:
        return median(self.ious) if self.ious else math.nan

    @property
    def median_apex_difference_s(self) -> float:
        return median(self.apex_differences_s) if self.apex_differences_s else math.nan


@dataclass(frozen=True, slots=True)
class CoderGroup:
    """All coders of a study together."""

    coders: tuple[str, ...]
    units: int  # that two of them rated at least
    detection_alpha: AgreementEstimate
    class_alpha: AgreementEstimate


def pairs(study: Study) -> list[RaterPair]:
    """Every two coders that rated a unit in common, then the program against each coder."""
    coders = study.coders
    every = (*combinations(coders, 2), *((PROGRAM, coder) for coder in coders))
    found = (_pair(study, first, second) for first, second in every)
    return [pair for pair in found if pair.confusion.sum() or pair.unsure]


def group(study: Study) -> CoderGroup:
    """Krippendorff's alpha of all coders; a unit counts where at least two rated it."""
    coders = study.coders
    detection, classes = Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    for of in study.sessions:
        rated = rate(of.session, coders)
        for unit in rated.units:
            words = [said.word for said in unit.values() if said.word != UNSURE]
            detection[words.count(NONE), len(words) - words.count(NONE)] += 1
            classes[tuple(words.count(name) for name in CLASSES)] += 1
        detection[len(rated.saw_all), 0] += rated.unmarked
    return CoderGroup(
        coders,
        sum(units for pattern, units in detection.items() if sum(pattern) > 1),
        _alpha_of(detection),
        _alpha_of(classes),
    )


def _pair(study: Study, first: str, second: str) -> RaterPair:
    confusion = np.zeros((len(WORDS), len(WORDS)), np.int64)
    sessions = unsure = 0
    both_micro: list[tuple[Rating, Rating]] = []
    for of in study.sessions:
        rated = rate(of.session, (first, second))
        said = list(_rated_by_both(rated, first, second))
        sessions += bool(said or rated.unmarked)
        for a, b in said:
            if UNSURE in (a.word, b.word):
                unsure += 1
                continue
            confusion[WORDS.index(a.word), WORDS.index(b.word)] += 1
            if NONE not in (a.word, b.word):
                both_micro.append((a, b))
        confusion[-1, -1] += rated.unmarked
    ious = (
        iou(a.interval, b.interval, frames=False)
        for a, b in both_micro
        if a.interval and b.interval
    )
    apexes = (
        b.apex_s - a.apex_s for a, b in both_micro if a.apex_s is not None and b.apex_s is not None
    )
    return RaterPair(first, second, sessions, confusion, unsure, tuple(ious), tuple(apexes))


def _rated_by_both(
    rated: SessionRatings, first: str, second: str
) -> Iterable[tuple[Rating, Rating]]:
    return ((u[first], u[second]) for u in rated.units if first in u and second in u)


def _alpha_of_two(table: NDArray[np.int64]) -> AgreementEstimate:
    size = len(table)
    one = np.eye(size, dtype=np.int64)
    patterns = (one[:, None] + one[None, :]).reshape(-1, size)
    return alpha(patterns, table.reshape(-1))


def _alpha_of(patterns: Counter[tuple[int, ...]]) -> AgreementEstimate:
    seen = sorted(pattern for pattern in patterns if sum(pattern) > 1)
    if not seen:
        return AgreementEstimate(math.nan)
    return alpha(np.array(seen, np.int64), np.array([patterns[p] for p in seen], np.int64))
