"""Turns a status into lines of text and escape codes for one kind of terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TextIO

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment

from realtime.dashboard.halfblock import ColourMode
from realtime.dashboard.layout import picture
from realtime.dashboard.pictures import Look, PictureSlots, PlacedPicture, placed, skipped
from realtime.dashboard.view import INITIAL, View
from realtime.status import Status

_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}


class Painter:
    def __init__(self, stream: TextIO, *, keys: bool) -> None:
        terminal = Console(file=stream)
        self._keys = keys
        self._colours = colours_of(terminal)
        self._system = _SYSTEMS.get(terminal.color_system or "", ColorSystem.STANDARD)
        self._console = Console(
            file=io.StringIO(), legacy_windows=False, markup=False, highlight=False, emoji=False
        )

    @property
    def has_colours(self) -> bool:
        return self._colours is not ColourMode.NONE

    def lines(
        self,
        status: Status,
        size: tuple[int, int],
        view: View = INITIAL,
        *,
        silent_s: float = 0.0,
        graphics: bool = False,
        typed: str | None = None,
    ) -> tuple[list[str], tuple[PlacedPicture, ...]]:
        """Exactly as many lines as the screen has, each as wide as it is; and the pictures.

        Args:
            graphics: the terminal has its own; without, pictures are drawn in block characters.
            typed: text of the marker that is being typed; None: none is.
        """
        slots = PictureSlots() if graphics else None
        look = Look(self._colours, slots)
        shown = picture(status, size, look, view, keys=self._keys, silent_s=silent_s, typed=typed)
        options = self._console.options.update_dimensions(*size)
        segments = self._console.render_lines(shown, options)[: size[1]]
        lines = [self._encoded(line) for line in segments]
        if slots is None or not slots.images:
            return lines, ()
        plain = ["".join(text for text, _, _ in line) for line in segments]
        return [skipped(line) for line in lines], placed(plain, slots)

    def _encoded(self, line: Iterable[Segment]) -> str:
        if self._colours is ColourMode.NONE:
            line = Segment.remove_color(line)
        return "".join(
            style.render(text, color_system=self._system) if style else text
            for text, style, _ in Segment.simplify(line)
        )


def colours_of(terminal: Console) -> ColourMode:
    if terminal.no_color or terminal.color_system is None:
        return ColourMode.NONE
    return ColourMode.BASIC if terminal.color_system in ("standard", "windows") else ColourMode.FULL
