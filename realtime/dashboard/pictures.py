"""A picture among the text: in the terminal's own graphics, else in block characters.

A picture in graphics leaves a rectangle of one private character, which `live.Painter` finds
again among the finished lines; so the layout alone decides where a picture lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

from realtime.dashboard.halfblock import ColourMode, HalfBlocks, fit

_FIRST_SLOT = 0xE000  # private use: no text that is shown holds it, `words.printable` sees to that
_MOST = 8


@dataclass(slots=True)
class PictureSlots:
    """The pictures of one drawing of the screen, in the order of their characters."""

    images: list[NDArray[np.uint8]] = field(default_factory=list)

    def add(self, image: NDArray[np.uint8]) -> str:
        """The character that keeps the picture's place."""
        self.images.append(image)
        return chr(_FIRST_SLOT + len(self.images) - 1)


@dataclass(frozen=True, slots=True)
class Look:
    """What the terminal can show."""

    colours: ColourMode
    slots: PictureSlots | None = None  # None: no graphics


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture and its rectangle of cells; rows and columns count from 0."""

    image: NDArray[np.uint8]  # (h, w, 3) BGR
    row: int
    column: int
    rows: int
    columns: int


class PictureBlock:
    """A picture (h, w, 3) BGR, as large as `rows` and the width allow, in their middle."""

    def __init__(self, image: NDArray[np.uint8], look: Look, rows: int) -> None:
        self._image, self._look, self._rows = image, look, rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        slots = self._look.slots
        if slots is None or len(slots.images) >= _MOST:
            yield HalfBlocks(self._image, self._look.colours, self._rows)
            return
        # a cell is twice as high as it is wide
        height, width = fit_size(self._image, options.max_width, 2 * self._rows)
        used = height // 2
        above = (self._rows - used) // 2
        line = " " * ((options.max_width - width) // 2) + slots.add(self._image) * width
        yield from [Segment.line()] * above
        for _ in range(used):
            yield Segment(line)
            yield Segment.line()
        yield from [Segment.line()] * (self._rows - used - above)


def fit_size(image: NDArray[np.uint8], width: int, height: int) -> tuple[int, int]:
    """Height, even, and width of `halfblock.fit`."""
    return fit(image[:, :, :1], width, height).shape[:2]


def placed(lines: Sequence[str], slots: PictureSlots) -> tuple[PlacedPicture, ...]:
    """Where the pictures lie among the lines, each character one cell."""
    found = []
    for k, image in enumerate(slots.images):
        mark = chr(_FIRST_SLOT + k)
        rows = [row for row, line in enumerate(lines) if mark in line]
        if rows:
            first = lines[rows[0]]
            found.append(
                PlacedPicture(image, rows[0], first.index(mark), len(rows), first.count(mark))
            )
    return tuple(found)


def skipped(text: str) -> str:
    """The text with a step of the cursor instead of each run of a picture's cells.

    Blanks would erase what lies there.
    """
    out: list[str] = []
    run = 0
    for character in text:
        if _FIRST_SLOT <= ord(character) < _FIRST_SLOT + _MOST:
            run += 1
            continue
        if run:
            out.append(f"\x1b[{run}C")
            run = 0
        out.append(character)
    if run:
        out.append(f"\x1b[{run}C")
    return "".join(out)
