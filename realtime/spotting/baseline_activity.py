"""What a face did in the last seconds: how much it oscillated, how far it is from its place.

Called for every candidate, as features of it, and four times a second for the state on the screen.
Crop pixels.
"""

from __future__ import annotations

import numba
import numpy as np

from realtime.motion.quantiles import quantile
from realtime.motion.regions import REGIONS, Stream
from realtime.spotting.onset import EXPRESSIVE
from realtime.spotting.timeline import Timeline, steps

_BUMP = steps(0.14)
_STREAM = np.array([list(Stream).index(r.stream) for r in REGIONS])  # (31,)


def oscillation_amplitude(timeline: Timeline, last: int) -> dict[Stream, float]:
    """Oscillation amplitude of each stream in the two seconds before a sample, crop pixels.

    The upper quartile of the second difference: a single pulse does not raise it, speech does.
    """
    span = timeline.span(last - steps(2.0), last)
    if len(span) <= 2 * _BUMP:
        return dict.fromkeys(Stream, 0.0)
    return dict(
        zip(Stream, _upper_quartile(span, _BUMP, _STREAM, len(Stream)).tolist(), strict=True)
    )


def away_px(timeline: Timeline, index: int) -> float:
    """Displacement of the face from its median position of the last seconds, crop pixels."""
    past = timeline.span(index - steps(3.0), index)
    return float(_away(past, past[-1], EXPRESSIVE)[0])


def away_then_and_now_px(timeline: Timeline, before: int, now: int) -> tuple[float, float, float]:
    """Displacement from the usual position at one sample, at another, and between them.

    A movement at the beginning or end of an ordinary expression starts or ends far from the median
    position of the last seconds.
    """
    past = timeline.span(before - steps(2.5), before)
    if not len(past):
        return 0.0, 0.0, 0.0
    then, later, between = _away(past, timeline.span(now, now)[0], EXPRESSIVE)
    return then, later, between


@numba.njit(nogil=True, cache=True)
def _upper_quartile(span, lag, stream, streams):  # type: ignore[no-untyped-def]
    """(streams,) upper quartile of the rms second difference in samples (n, 62 or more)."""
    n = len(span) - 2 * lag
    squares, members = np.zeros((streams, n)), np.zeros(streams)
    for r in range(len(stream)):
        members[stream[r]] += 1
    for i in range(n):
        for c in range(2 * len(stream)):
            bump = span[i + lag, c] - 0.5 * (span[i, c] + span[i + 2 * lag, c])
            squares[stream[c // 2], i] += bump**2
    found = np.empty(streams)
    for s in range(streams):
        # the root is taken last: it keeps the order
        found[s] = np.sqrt(quantile(squares[s], 0.75) / members[s])
    return found


@numba.njit(nogil=True, cache=True)
def _away(past, end, regions):  # type: ignore[no-untyped-def]
    """Rms over regions: past's last row and `end` from past's median, and from each other."""
    then = now = between = 0.0
    course = np.empty(len(past))
    for r in regions:
        for c in range(2 * r, 2 * r + 2):
            for i in range(len(past)):
                course[i] = past[i, c]
            usual = quantile(course, 0.5)
            start = past[-1, c]
            then += (start - usual) ** 2
            now += (end[c] - usual) ** 2
            between += (end[c] - start) ** 2
    n = len(regions)
    return np.sqrt(then / n), np.sqrt(now / n), np.sqrt(between / n)
