"""From a container's time stamps to nanoseconds."""

from __future__ import annotations

from fractions import Fraction

_NS = 1_000_000_000
_USUAL = Fraction(1, 1_000_000)  # s, of a container that states no unit


def in_ns(stamp: int, base: Fraction | None) -> int:
    """A time stamp in nanoseconds; whole-number arithmetic: a float loses those of a long file.

    Args:
        base: the unit of the stamp, s.
    """
    base = base or _USUAL
    return int(stamp * base.numerator * _NS // base.denominator)
