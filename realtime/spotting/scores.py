"""The arithmetic of the onset detector: pulses, their noise, scores and peaks.

Pulses are second differences in time of the displacement (31, 2) over each of several τ; sigmas
are their lengths in units of the noise.  Called once a sample of the grid by `onset`; compiled.
"""

from __future__ import annotations

import numba
import numpy as np

from realtime.motion.quantiles import quantile
from realtime.spotting.au_filters import best_t

_MAD = 1.4826  # median of |x| to standard deviation, for a normal x


@numba.njit(nogil=True, cache=True)
def pulses_in(span, taus, noise):  # type: ignore[no-untyped-def]
    """Second differences (τ, 31, 2) at the middle of samples (n, 62+), and sigmas (τ, 31)."""
    lag, regions = len(span) // 2, noise.shape[1]
    pulses, sigmas = np.empty(noise.shape), np.empty((len(taus), regions))
    for k in range(len(taus)):
        for r in range(regions):
            squares = 0.0
            for axis in range(2):
                c = 2 * r + axis
                p = span[lag, c] - 0.5 * (span[lag - taus[k], c] + span[lag + taus[k], c])
                pulses[k, r, axis] = p
                squares += (p / noise[k, r, axis]) ** 2
            sigmas[k, r] = np.sqrt(squares)
    return pulses, sigmas


@numba.njit(nogil=True, cache=True)
def score(span, scored_by, kept, slot, row):  # type: ignore[no-untyped-def]
    """One sample's pulses (τ, 31, 2), also kept at `slot` of (τ, n, 31, 2), and its scores.

    `row` takes the scores of the groups, each the rms of its `tops` strongest regions, and last
    the rms of the skull, by which the others are divided where it is above its limit.
    """
    taus, noise, skull, calm_sigma, groups, tops, max_sigma = scored_by
    pulses, sigmas = pulses_in(span, taus, noise)
    regions = sigmas.shape[1]
    squares = np.zeros(regions)  # of the τ with the largest score
    for r in range(regions):
        best = 0.0
        for k in range(len(taus)):
            best = max(best, sigmas[k, r])
            kept[k, slot, r, 0], kept[k, slot, r, 1] = pulses[k, r]
        squares[r] = min(best, max_sigma) ** 2
    total = 0.0
    for r in skull:
        total += squares[r]
    row[-1] = np.sqrt(total / len(skull))
    calm = max(1.0, row[-1] / calm_sigma)
    largest = np.empty(tops.max())  # descending
    for g in range(len(groups)):
        largest[:] = 0.0
        for r in groups[g]:
            if r < 0:
                break
            value = squares[r]
            for i in range(tops[g]):
                if value > largest[i]:
                    largest[i], value = value, largest[i]
        total = 0.0
        for i in range(tops[g]):
            total += largest[i]
        row[g] = np.sqrt(total / tops[g]) / calm
    return pulses


@numba.njit(nogil=True, cache=True)
def score_again(span, scored_by, whitening, unkept, rows):  # type: ignore[no-untyped-def]
    """All scores of consecutive samples, those of the units' fit included, to `rows`.

    Args:
        span: the samples, and as many before the first and after the last as the largest τ.
        whitening: `UnitFilter.whitening`.
        unkept: (τ, 1, 31, 2) for pulses that nobody needs.
    """
    lag = (len(span) - len(rows)) // 2
    filters, lengths, inverse = whitening
    for i in range(len(rows)):
        pulses = score(span[i : i + 2 * lag + 1], scored_by, unkept, 0, rows[i])
        # the skull's score is the last, the units' two stand before it
        best_t(pulses[-1].ravel(), filters, lengths, inverse, rows[i, -3:-1])


@numba.njit(nogil=True, cache=True)
def spread(kept, known, floor):  # type: ignore[no-untyped-def]
    """Noise (τ, 31, 2) of the first `known` of the kept pulses (τ, n, 31, 2)."""
    taus, _, regions, axes = kept.shape
    noise = np.empty((taus, regions, axes))
    sizes = np.empty((known + 3) // 4)
    for k in range(taus):
        for r in range(regions):
            for axis in range(axes):
                for i in range(len(sizes)):  # neighbours share half of their window
                    sizes[i] = abs(kept[k, 4 * i, r, axis])
                noise[k, r, axis] = max(_MAD * quantile(sizes, 0.5), floor)
    return noise


@numba.njit(nogil=True, cache=True)
def peaks(window, here, enter):  # type: ignore[no-untyped-def]
    """The scores that are high enough here, and nowhere higher in the window (n, SCORES)."""
    found = []
    for c in range(len(here)):
        if here[c] >= enter:
            peak = True
            for i in range(len(window)):
                peak = peak and here[c] >= window[i, c]
            if peak:
                found.append(c)
    return found
