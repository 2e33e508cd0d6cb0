"""95 % intervals of what has been counted.

`scipy.stats` is imported where it is used: that takes longer than the rest of a command.
"""

from __future__ import annotations


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """Of a share, by Wilson, which always holds the share itself; of nothing it is 0 to 1."""
    if not of:
        return 0.0, 1.0
    from scipy.stats import binomtest

    low, high = binomtest(hits, of).proportion_ci(0.95, "wilson")
    return float(low), float(high)


def rate_interval(count: float, minutes: float) -> tuple[float, float]:
    """Of a rate a minute, by Poisson, exact."""
    from scipy.stats import chi2

    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low) / minutes, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / minutes
