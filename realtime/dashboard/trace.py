"""One signal over the window as bars of block characters, with its threshold as a line.

Columns are equal times, the newest at the right.  Each takes the largest value in it, so that no
peak is lost.  Unjudged time is shaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TypeVar

from rich.text import Text

from realtime.status import Trace

T = TypeVar("T")

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LINES = "▁─▔"  # the threshold at the foot, in the middle and at the head of a row
_SHADE = "░"
_LOW = 2  # eighths of a cell: so low a bar gives way to the line
_LEAST_SIGMA = 4.0  # of the full height where no threshold is known
_MOST = 3.0  # of the full height, in thresholds


def trace_lines(
    trace: Trace,
    judged: Sequence[bool],
    columns: int,
    rows: int,
    *,
    top: float,
    style: str = "cyan",
) -> list[Text]:
    """`rows` lines of `columns` cells, the highest first; `top` is the value of full height."""
    levels = binned(trace.values, columns)
    shaded = [not any(part) for part in _parts(judged, columns)]
    line = 8 * rows * trace.threshold / top if math.isfinite(trace.threshold) else math.nan
    eighths = [0 if math.isnan(v) else round(8 * rows * min(v / top, 1.0)) for v in levels]
    lines = []
    for row in range(rows - 1, -1, -1):  # 0 is the lowest
        cells = []
        for level, eighth, unjudged in zip(levels, eighths, shaded, strict=True):
            filled = min(8, max(0, eighth - 8 * row))
            has_line = 8 * row <= line < 8 * row + 8 and not unjudged
            if filled > (_LOW if has_line else int(unjudged)):
                over = level >= trace.threshold
                cells.append((_EIGHTHS[filled], "bold yellow" if over else style))
            elif has_line:
                cells.append((_LINES[int(3 * (line - 8 * row) / 8)], "dim"))
            else:
                cells.append((_SHADE if unjudged else _EIGHTHS[filled], "dim"))
        lines.append(joined(cells))
    return lines


def full_height(trace: Trace) -> float:
    """The value at the top: twice the threshold or more, so that the line is always in view."""
    largest = max((v for v in trace.values if math.isfinite(v)), default=0.0)
    if not (math.isfinite(trace.threshold) and trace.threshold > 0):
        return max(largest, _LEAST_SIGMA)
    return max(2.0 * trace.threshold, min(largest, _MOST * trace.threshold))


def joined(cells: Sequence[tuple[str, str]]) -> Text:
    """Cells (character, style) in one line; neighbours of one style share it."""
    line = Text(no_wrap=True, end="")
    for style, run in groupby(cells, key=itemgetter(1)):
        line.append("".join(cell for cell, _ in run), style)
    return line


def binned(values: Sequence[float], columns: int) -> list[float]:
    """`columns` levels, the largest of each part, not below 0; NaN where nothing was measured."""
    return [
        max((max(v, 0.0) for v in part if not math.isnan(v)), default=math.nan)
        for part in _parts(values, columns)
    ]


def _parts(values: Sequence[T], columns: int) -> list[Sequence[T]]:
    """The values in `columns` parts; where there are fewer values, neighbours share them."""
    count = len(values)
    edges = [round(k * count / columns) for k in range(columns + 1)]
    return [values[a : max(b, a + 1)] if count else values for a, b in pairwise(edges)]
