"""A picture in block characters: two square pixels in every cell.

`KeptFrame.FULL` draws the upper pixel as the colour of "▀" and the lower one as its background;
terminals with eight colours, or none wanted, get four shades of grey instead.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

_STEP = 8  # colours are rounded to this, so that equal neighbours share one escape code
_SHADES = " ░▒▓█"


class ColourMode(Enum):
    """How much colour the terminal takes."""

    FULL = "full"  # 256 or more
    BASIC = "basic"  # 8 or 16
    NONE = "none"  # none, or NO_COLOR is set


class HalfBlocks:
    """A picture (h, w, 3) BGR, as large as `rows` and the width allow, in their middle."""

    def __init__(self, picture: NDArray[np.uint8], look: ColourMode, rows: int) -> None:
        self._picture = picture
        self._look = look
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        columns, rows = options.max_width, self._rows
        pixels = fit(self._picture, columns, 2 * rows)
        used_rows, used_columns = pixels.shape[0] // 2, pixels.shape[1]
        margin = Segment(" " * ((columns - used_columns) // 2))
        above = (rows - used_rows) // 2
        yield from [Segment.line()] * above
        for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
            yield margin
            if self._look is ColourMode.FULL:
                yield from _colours(upper, lower)
            else:
                yield Segment(_greys(upper, lower))
            yield Segment.line()
        yield from [Segment.line()] * (rows - used_rows - above)


def fit(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The picture scaled into width×height, proportions kept, height even; (h, w, 3)."""
    h, w = picture.shape[:2]
    scale = min(width / w, height / h)
    to_width = max(1, min(width, round(w * scale)))
    to_height = max(2, min(height, round(h * scale)) // 2 * 2)
    shrinks = scale < 1
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    scaled = cv2.resize(picture, (to_width, to_height), interpolation=method)
    return np.asarray(scaled, np.uint8)


def _colours(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> list[Segment]:
    """One row of cells, neighbours of one colour pair in one segment; upper, lower (w, 3)."""
    pairs = np.concatenate([upper, lower], axis=1) // _STEP * _STEP  # (w, 6)
    starts = np.flatnonzero(np.any(np.diff(pairs.astype(np.int16), axis=0), axis=1)) + 1
    edges = [0, *starts.tolist(), len(pairs)]
    return [
        Segment("▀" * (end - start), _style(*pairs[start].tolist()))
        for start, end in pairwise(edges)
    ]


@lru_cache(maxsize=8192)
def _style(b1: int, g1: int, r1: int, b2: int, g2: int, r2: int) -> Style:
    return Style(color=Color.from_rgb(r1, g1, b1), bgcolor=Color.from_rgb(r2, g2, b2))


def _greys(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> str:
    luminance = np.stack([upper, lower]).mean(axis=(0, 2))  # (w,)
    levels = np.clip(luminance * len(_SHADES) / 256, 0, len(_SHADES) - 1).astype(int)
    return "".join(_SHADES[level] for level in levels)
