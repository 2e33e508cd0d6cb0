"""The target false-alarm rates between which a person steps during a run, a minute."""

from __future__ import annotations

RATES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def neighbour(rate: float, *, higher: bool) -> float:
    """The next of `RATES` above or below; the rate itself, where there is none."""
    if higher:
        return next((one for one in RATES if one > rate), rate)
    return next((one for one in reversed(RATES) if one < rate), rate)
