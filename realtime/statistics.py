"""95 % intervals of what has been counted."""

from __future__ import annotations

from scipy.stats import binomtest, chi2


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """Of a share, by Wilson, which always holds the share itself; of nothing it is 0 to 1."""
    if not of:
        return 0.0, 1.0
    low, high = binomtest(hits, of).proportion_ci(0.95, "wilson")
    return float(low), float(high)


def rate_interval(count: int, minutes: float) -> tuple[float, float]:
    """Of a rate a minute, by Poisson, exact."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low) / minutes, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / minutes
