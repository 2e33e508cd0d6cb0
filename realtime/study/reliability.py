"""Agreement of raters beyond chance: Cohen's kappa of two, Krippendorff's alpha of any number.

Each with its 95 % interval, for nominal categories.  Units are taken as independent: where one
person gives many of them, the intervals are too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.inter_rater import cohens_kappa

_RESAMPLED = 2000
_SEED = 0


@dataclass(frozen=True, slots=True)
class AgreementEstimate:
    value: float  # 1 in full agreement, 0 by chance; NaN: not defined, all is of one category
    low: float = math.nan  # of the 95 % interval; NaN: the units do not vary enough for one
    high: float = math.nan


def kappa(table: NDArray[np.int64]) -> AgreementEstimate:
    """Cohen's kappa; the interval is by the standard error of Fleiss, Cohen and Everitt (1969).

    Args:
        table: (k, k) units by category of the one rater (rows) and of the other.
    """
    in_use = np.flatnonzero(table.sum(axis=0) + table.sum(axis=1))
    if len(in_use) < 2:
        return AgreementEstimate(math.nan)
    with np.errstate(invalid="ignore", divide="ignore"):  # of a test that is not used here
        found = cohens_kappa(table[np.ix_(in_use, in_use)])
    return _estimate(found.kappa, found.kappa_low, min(1.0, float(found.kappa_upp)))


def alpha(patterns: NDArray[np.int64], units: NDArray[np.int64]) -> AgreementEstimate:
    """Krippendorff's nominal alpha; the interval is the percentiles of units drawn again.

    Written here because the units drawn again are counted by pattern: time that nobody marked
    makes a hundred thousand units, and five patterns.

    Args:
        patterns: (p, k) how many raters gave each category; a row is counted from two raters on.
        units: (p,) of each pattern.
    """
    rated = patterns.sum(axis=1) > 1
    patterns, units = patterns[rated], units[rated]
    number = int(units.sum())
    if not number:
        return AgreementEstimate(math.nan)
    drawn = np.random.default_rng(_SEED).multinomial(number, units / number, _RESAMPLED)
    again = _alpha(patterns, drawn)
    again = again[np.isfinite(again)]
    low, high = np.percentile(again, [2.5, 97.5]) if len(again) else (math.nan, math.nan)
    return _estimate(_alpha(patterns, units[None])[0], low, high)


def _estimate(value: float, low: float, high: float) -> AgreementEstimate:
    """Without an interval where it would have no width: nothing but agreement, or one unit."""
    if high - low > 1e-9:
        return AgreementEstimate(float(value), float(low), float(high))
    return AgreementEstimate(float(value))


def _alpha(patterns: NDArray[np.int64], units: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) alphas of (n, p) units: one less observed over expected disagreement.

    Both come from the matrix of coincidences (Krippendorff 2011): every pair of values within a
    unit, weighted by one over the unit's values less one.
    """
    pairs = patterns[:, :, None] * patterns[:, None, :]
    values = np.arange(patterns.shape[1])
    pairs[:, values, values] -= patterns
    weights = units / (patterns.sum(axis=1) - 1)
    coincidences = np.tensordot(weights, pairs, axes=1)
    by_value = coincidences.sum(axis=2)
    total = by_value.sum(axis=1)
    observed = total - np.trace(coincidences, axis1=1, axis2=2)
    expected = (total**2 - (by_value**2).sum(axis=1)) / (total - 1)
    defined = expected > 1e-9
    return np.where(defined, 1 - observed / np.where(defined, expected, 1.0), np.nan)
