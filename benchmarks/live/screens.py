"""The live dashboard as text: `python -m benchmarks.live.screens --out docs/screens`

Runs `fleeting demo` in a terminal of each kind and writes its screen at every size, with the number
of colours on it; a terminal without cursor movement gets plain lines.  The times of the screens
differ from run to run; what the demonstration shows does not.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import pyte

from benchmarks.live.demo_terminal import DemoTerminal

SIZES = ((200, 50), (120, 35), (100, 30), (80, 24), (60, 20), (40, 12))
KINDS = {
    "truecolor": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "256": {"TERM": "xterm-256color"},
    "16": {"TERM": "xterm"},
    "none": {"TERM": "xterm", "NO_COLOR": "1"},
}
PAGES = {"help": "?", "engine": "i", "event": "\r"}  # of 100×30
_PAGE_SIZE = (100, 30)
_FROM_S = 12  # of the clock: by then something was flagged
_LINES = 12  # of the plain output, from its middle


def text_of(screen: pyte.Screen) -> str:
    lines = [line.rstrip() for line in screen.display]
    cells = [cell for row in range(screen.lines) for cell in screen.buffer[row].values()]
    colours = {cell.fg for cell in cells} | {cell.bg for cell in cells}
    return "\n".join([*lines, "", f"colours on this screen: {len(colours - {'default'})}", ""])


def clock_s(screen: pyte.Screen) -> int:
    """Seconds that the demonstration has been played."""
    shown = re.search(r"0:00:(\d\d) of", screen.display[0])
    return int(shown[1]) if shown else 0


def settled(screen: pyte.Screen) -> bool:
    """Whether the screen is drawn for its present size: header and footer are in place."""
    last = screen.display[-1]
    return any("FILM" in line for line in screen.display[:2]) and "flagged" in last


def write_screens(kind: str, folder: Path) -> bool:
    columns, rows = SIZES[0]
    with DemoTerminal(columns, rows, KINDS[kind]) as terminal:
        if not terminal.until(lambda: clock_s(terminal.screen) >= _FROM_S):
            return False
        for columns, rows in SIZES:
            terminal.screen.reset()
            terminal.resize(columns, rows)
            if not terminal.until(lambda: settled(terminal.screen)):
                return False
            path = folder / f"{kind}_{columns}x{rows}.txt"
            path.write_text(text_of(terminal.screen), "utf-8")
        return kind != "truecolor" or _write_pages(terminal, folder)


def _write_pages(terminal: DemoTerminal, folder: Path) -> bool:
    terminal.screen.reset()
    terminal.resize(*_PAGE_SIZE)
    headings = {"help": "keys and marks", "engine": "stage times", "event": "Esc: back"}
    for name, key in PAGES.items():
        terminal.type(key)
        wanted = headings[name]
        if not terminal.until(lambda text=wanted: text in "\n".join(terminal.screen.display)):
            return False
        (folder / f"page_{name}.txt").write_text(text_of(terminal.screen), "utf-8")
    return True


def write_plain(folder: Path) -> bool:
    """The lines of a dumb terminal around the first flag."""
    with DemoTerminal(200, 50, {"TERM": "dumb"}) as terminal:
        if not terminal.until(lambda: terminal.output.count(b"flagged as") >= 2):
            return False
        lines = terminal.output.decode().replace("\r", "").split("\n")[-_LINES - 1 : -1]
    (folder / "plain.txt").write_text("\n".join([*lines, ""]), "utf-8")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--only", choices=(*KINDS, "plain"), help="one kind of terminal")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    kinds = (given.only,) if given.only else (*KINDS, "plain")
    done = [
        write_plain(given.out) if kind == "plain" else write_screens(kind, given.out)
        for kind in kinds
    ]
    if not all(done):
        sys.stderr.write("the demonstration ended before every screen was written\n")
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
