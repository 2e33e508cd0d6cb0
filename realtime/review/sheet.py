"""One picture of the review's window: the clip, onset against apex, and what is known.

Pure: values in, a picture out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.dashboard.words import clock
from realtime.review.replay import SIDE

_GAP, _BAR, _LINE = 12, 26, 26
_LINES = 4
WIDTH = 2 * SIDE + 3 * _GAP
HEIGHT = SIDE + _BAR + _LINES * _LINE + 4 * _GAP
_GROUND, _TEXT, _DIM = (32, 32, 32), (235, 235, 235), (150, 150, 150)
_QUIET, _MOVES, _APEX = (70, 70, 70), (90, 160, 90), (80, 200, 250)
_KEYS = (
    "1 negative   2 positive   3 surprise   0 not a micro-expression   u not sure",
    "space next   b back   s speed   c movement/whole clip   f face/whole frame   q end",
)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sheet:
    left: Picture | None  # (SIDE, SIDE, 3) the clip; None: it is being read
    right: Picture | None  # onset or apex
    right_is: str
    at_s: float  # of the left picture, from the clip's beginning
    length_s: float
    onset_s: float | None  # in the clip; None: not known
    apex_s: float | None
    offset_s: float | None
    title: str
    said: str  # by the person, "" if nothing


def draw(sheet: Sheet) -> Picture:
    """(HEIGHT, WIDTH, 3) BGR."""
    picture = np.full((HEIGHT, WIDTH, 3), _GROUND, np.uint8)
    for left, part in ((_GAP, sheet.left), (2 * _GAP + SIDE, sheet.right)):
        place = picture[_GAP : _GAP + SIDE, left : left + SIDE]
        if part is None:
            _write(place, "reading the clip …", (SIDE // 2 - 90, SIDE // 2), _DIM)
        else:
            place[:] = part
    if sheet.right is not None:
        _write(picture, sheet.right_is, (2 * _GAP + SIDE + 10, _GAP + SIDE - 12), _APEX)
    _draw_bar(picture[SIDE + 2 * _GAP : SIDE + 2 * _GAP + _BAR, _GAP:-_GAP], sheet)
    below = SIDE + 3 * _GAP + _BAR
    lines = ((sheet.title, _TEXT), (sheet.said, _APEX), *((line, _DIM) for line in _KEYS))
    for number, (text, colour) in enumerate(lines):
        _write(picture, text, (_GAP, below + (number + 1) * _LINE - 8), colour)
    return picture


def _draw_bar(bar: Picture, sheet: Sheet) -> None:
    """Where in the clip we are, and where the movement lies."""
    bar[:] = _QUIET
    end = len(bar[0]) - 1

    def across(t_s: float) -> int:
        return round(end * min(max(t_s / max(sheet.length_s, 1e-3), 0.0), 1.0))

    if sheet.onset_s is not None and sheet.offset_s is not None and sheet.apex_s is not None:
        bar[:, across(sheet.onset_s) : across(sheet.offset_s) + 1] = _MOVES
        apex = across(sheet.apex_s)
        bar[:, max(apex - 1, 0) : apex + 2] = _APEX
    at = across(sheet.at_s)
    bar[:, max(at - 1, 0) : at + 2] = _TEXT
    _write(bar, clock(sheet.at_s), (8, _BAR - 8), _TEXT)


def _write(picture: Picture, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.55, colour, 1, cv2.LINE_AA)
