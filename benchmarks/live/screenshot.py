"""Picture of the live dashboard: `python -m benchmarks.live.screenshot --out docs/dashboard.png`

Runs `fleeting demo` in a terminal of its own, and draws its screen when its clock shows --at.
"""

from __future__ import annotations

import argparse
import copy
import sys
from pathlib import Path

import numpy as np
import pyte
from matplotlib import font_manager
from PIL import Image, ImageColor, ImageDraw, ImageFont

from benchmarks.live.demo_terminal import DemoTerminal

COLUMNS, ROWS = 124, 36
_POINT = 15  # size of the font, pixels
_DARK, _GREY, _LIGHT = (24, 24, 27), (113, 113, 122), (228, 228, 231)  # of the terminal
_NAMED = {
    "default": None, "black": (24, 24, 27), "red": (220, 60, 60), "green": (60, 160, 90),
    "brown": (220, 180, 60), "blue": (60, 110, 200), "magenta": (190, 90, 190),
    "cyan": (70, 180, 190), "white": _LIGHT,
}  # fmt: skip


def screen_at(clock: str) -> pyte.Screen:
    """The demo's screen when its clock shows this time, or the last one if the run ends before."""
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with DemoTerminal(COLUMNS, ROWS, environment) as terminal:
        terminal.until(lambda: clock in terminal.screen.display[0])
        return copy.deepcopy(terminal.screen)


def colour(name: str, otherwise: tuple[int, int, int]) -> tuple[int, int, int]:
    """RGB of a colour as pyte names it: a word, or six hexadecimal digits."""
    if name in _NAMED:
        return _NAMED[name] or otherwise
    if len(name) == 6:
        return ImageColor.getrgb(f"#{name}")[:3]
    return _NAMED.get(name.removeprefix("bright"), otherwise) or otherwise


def drawn(screen: pyte.Screen) -> Image.Image:
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans Mono"), _POINT)
    bold = ImageFont.truetype(font_manager.findfont("DejaVu Sans Mono:bold"), _POINT)
    width = round(font.getlength("█"))
    ascent, descent = font.getmetrics()
    height = ascent + descent
    picture = Image.new("RGB", (COLUMNS * width, ROWS * height), _DARK)
    draw = ImageDraw.Draw(picture)
    for row in range(ROWS):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            ink, paper = colour(cell.fg, _LIGHT), colour(cell.bg, _DARK)
            if cell.fg == "default" and cell.data in "─▁▔░":
                ink = _GREY  # pyte does not keep "dim"
            if cell.reverse:
                ink, paper = paper, ink
            x, y = column * width, row * height
            draw.rectangle((x, y, x + width - 1, y + height - 1), fill=paper)
            if cell.data == "▀":  # the font's own leaves seams
                draw.rectangle((x, y, x + width - 1, y + height // 2 - 1), fill=ink)
            elif cell.data.strip():
                draw.text((x, y), cell.data, fill=ink, font=bold if cell.bold else font)
    return picture


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--at", default="0:00:31", help="what the clock shows")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    given = parser.parse_args()
    screen = screen_at(given.at)
    if not np.any([line.strip() for line in screen.display]):
        sys.stderr.write("the screen stayed empty\n")
        return 1
    drawn(screen).quantize(255).save(given.out, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
