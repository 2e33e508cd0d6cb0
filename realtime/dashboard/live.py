"""The live dashboard: a full-screen picture of the newest status, drawn on a thread of its own.

`show` only stores, so a terminal that takes nothing stops the drawing and nothing else.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Iterable
from typing import Self, TextIO

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment

from realtime.dashboard.halfblock import ColourMode
from realtime.dashboard.keys import KeyCommand, KeyReader
from realtime.dashboard.layout import picture
from realtime.dashboard.plain import PlainDashboard
from realtime.dashboard.screen import Screen
from realtime.outlet import Outlet
from realtime.status import Status

logger = logging.getLogger(__name__)

_PERIOD_S = 0.12  # between drawings
_SHARE = 0.1  # of one core that drawing may take; a slow machine draws less often
_REPAINT_S = 1.0
_LATE_S = 1.0  # waking this late means that the process was stopped, and the screen is not ours
_JOIN_S = 2.0

_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}


class LiveDashboard:
    """Takes the terminal on entering the block and gives it back on leaving it."""

    def __init__(self, stream: TextIO, *, keys: bool) -> None:
        self._stream = stream
        self._with_keys = keys
        self._keys = KeyReader(resumed=self._screen_was_taken)
        self._newest: tuple[Status, float] | None = None  # and when it came, monotonic seconds
        self._stop = threading.Event()
        self._retake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)
        self._plain: PlainDashboard | None = None  # when drawing has failed

    def __enter__(self) -> Self:
        self._outlet = Outlet(self._stream)
        self._screen = Screen(self._outlet)
        if self._with_keys:
            self._keys.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._keys.__exit__()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)
        self._screen.give_back()
        self._outlet.close()
        if self._plain is not None:
            self._plain.__exit__()

    def show(self, status: Status) -> None:
        self._newest = (status, time.monotonic())
        if self._plain is not None:
            self._plain.show(status)

    def commands(self) -> tuple[KeyCommand, ...]:
        return self._keys.commands()

    def _run(self) -> None:
        try:
            self._draw_until_stopped()
        except OSError as error:
            logger.warning("the terminal is gone, nothing is shown any more: %s", error)
        except Exception:
            # A fault in the picture must not end a recording: say so, and go on in lines.
            self._screen.give_back()
            logger.exception("the dashboard could not be drawn; going on with plain lines")
            self._plain = PlainDashboard(self._stream, keys=False).__enter__()

    def _draw_until_stopped(self) -> None:
        painter = Painter(self._stream, keys=self._with_keys and self._keys.listening)
        self._screen.enter(self._stop)
        repaint_at = 0.0
        pause_s = 0.0
        while True:
            asleep_since = time.monotonic()
            if self._stop.wait(pause_s):
                return
            now = time.monotonic()
            if self._retake.is_set() or now - asleep_since > pause_s + _LATE_S:
                self._retake.clear()
                self._screen.enter(self._stop)
            if now >= repaint_at:
                self._screen.forget()
                repaint_at = now + _REPAINT_S
            cpu_s = time.thread_time()
            if self._newest is not None:
                status, came_at = self._newest
                size = self._outlet.size()
                lines = painter.lines(status, size, silent_s=now - came_at)
                self._screen.draw(lines, size, self._stop)
            pause_s = max(_PERIOD_S, (time.thread_time() - cpu_s) * (1 / _SHARE - 1))

    def _screen_was_taken(self) -> None:
        self._retake.set()


class Painter:
    """Turns statuses into lines of text and escape codes for one kind of terminal."""

    def __init__(self, stream: TextIO, *, keys: bool) -> None:
        terminal = Console(file=stream)
        self._keys = keys
        self._look = look_of(terminal)
        self._system = _SYSTEMS.get(terminal.color_system or "", ColorSystem.STANDARD)
        self._console = Console(
            file=io.StringIO(), legacy_windows=False, markup=False, highlight=False, emoji=False
        )

    def lines(self, status: Status, size: tuple[int, int], *, silent_s: float) -> list[str]:
        """Exactly as many lines as the screen has, each as wide as it is."""
        shown = picture(status, size, self._look, keys=self._keys, silent_s=silent_s)
        options = self._console.options.update_dimensions(*size)
        return [self._encoded(line) for line in self._console.render_lines(shown, options)][
            : size[1]
        ]

    def _encoded(self, line: Iterable[Segment]) -> str:
        if self._look is ColourMode.NONE:
            line = Segment.remove_color(line)
        return "".join(
            style.render(text, color_system=self._system) if style else text
            for text, style, _ in Segment.simplify(line)
        )


def look_of(terminal: Console) -> ColourMode:
    if terminal.no_color or terminal.color_system is None:
        return ColourMode.NONE
    return ColourMode.BASIC if terminal.color_system in ("standard", "windows") else ColourMode.FULL


def can_draw(stream: TextIO) -> bool:
    """Whether the stream is a terminal with cursor movement and block characters."""
    if not stream.isatty():
        return False
    terminal = Console(file=stream)
    utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
    return utf8 and not terminal.is_dumb_terminal and not terminal.legacy_windows
