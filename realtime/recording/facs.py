"""Action units in FACS notation: `L12B+4` is 12 on the left with intensity B, and 4."""

from __future__ import annotations

import re
from collections.abc import Sequence

from realtime.event import Side
from realtime.recording.labels import Intensity, LabelUnit

_UNIT = re.compile(r"(?:AU)?([LRB]?)(\d{1,2})([A-E]?)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s+,;]+")
_SIDES: dict[str, Side] = {"L": "left", "R": "right", "B": "both", "": "both"}
_INTENSITIES: tuple[Intensity, ...] = ("A", "B", "C", "D", "E")


def units_of(text: str) -> tuple[LabelUnit, ...] | None:
    """The units of a cell; None: it is not in this notation."""
    matches = [_UNIT.fullmatch(part) for part in _BETWEEN.split(text.strip()) if part]
    found = [match for match in matches if match]
    if not found or len(found) < len(matches):
        return None
    return tuple(
        LabelUnit(number, _SIDES[side.upper()], _intensity(letter))
        for side, number, letter in (match.groups() for match in found)
    )


def notation(units: Sequence[LabelUnit]) -> str:
    """The units in this notation; one that holds two, such as 1+2, is written as both."""
    written = []
    for unit in units:
        side = {"left": "L", "right": "R", "both": ""}[unit.side]
        written += [f"{side}{number}{unit.intensity}" for number in unit.unit.split("+")]
    return "+".join(written)


def _intensity(letter: str) -> Intensity:
    return next((known for known in _INTENSITIES if known == letter.upper()), "")
