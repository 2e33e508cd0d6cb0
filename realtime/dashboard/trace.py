"""A signal over the last seconds as bars of block characters, newest at the right.

The threshold lies on a border between two rows of cells, so that values above it differ
by colour and, without colour, by height.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from rich.text import Text

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LINE = "▁"  # the threshold, at the foot of the row above it


def bars(values: Sequence[float], threshold: float, columns: int, rows: int) -> list[Text]:
    """`rows` lines of `columns` cells, top first.

    The lowest row reaches up to the threshold, the others go on at the same scale; a single
    row has the threshold in its middle.  What is higher still is cut off.
    """
    levels = binned(values, columns)
    height = 0.5 if rows == 1 else 1.0  # of the threshold, in rows
    unit = threshold if math.isfinite(threshold) and threshold > 0 else max(levels, default=1.0)
    eighths = [round(8 * height * level / max(unit, 1e-9)) for level in levels]
    lines = []
    for row in range(rows - 1, -1, -1):  # 0 is the lowest
        empty = _LINE if row == 1 else " "
        cells = [(empty, "dim")] * (columns - len(levels))
        for level, eighth in zip(levels, eighths, strict=True):
            filled = min(8, max(0, eighth - 8 * row))
            over = "bold yellow" if level > threshold else "cyan"
            cells.append((_EIGHTHS[filled], over) if filled else (empty, "dim"))
        line = Text(no_wrap=True, end="")
        for style, run in groupby(cells, key=itemgetter(1)):
            line.append("".join(cell for cell, _ in run), style)
        lines.append(line)
    return lines


def binned(values: Sequence[float], columns: int) -> list[float]:
    """At most `columns` levels; the highest of each bin, so that no peak is lost."""
    clean = [v if math.isfinite(v) and v > 0 else (1e9 if v == math.inf else 0.0) for v in values]
    if len(clean) <= columns:
        return clean
    edges = [round(i * len(clean) / columns) for i in range(columns + 1)]
    return [max(clean[a:b]) for a, b in pairwise(edges)]
