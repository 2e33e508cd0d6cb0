"""The live dashboard: a full-screen picture of the newest status, drawn on a thread of its own.

`show` only stores, so a terminal that takes nothing stops the drawing and nothing else.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Self, TextIO

from rich.console import Console

from realtime.dashboard import graphics
from realtime.dashboard.command_keys import CommandKeys
from realtime.dashboard.key_table import VIEW_KEYS, KeyCommand
from realtime.dashboard.keys import KeyReader
from realtime.dashboard.painter import Painter
from realtime.dashboard.plain import PlainDashboard
from realtime.dashboard.screen import Screen
from realtime.dashboard.view import View, pressed
from realtime.outlet import Outlet
from realtime.status import Status

logger = logging.getLogger(__name__)

_PERIOD_S = 0.12  # between drawings
_SHARE = 0.1  # of one core that drawing may take; a slow machine draws less often
_REPAINT_S = 1.0
_LATE_S = 1.0  # waking this late means that the process was stopped, and the screen is not ours
_JOIN_S = 2.0


class LiveDashboard:
    """Takes the terminal on entering the block and gives it back on leaving it."""

    def __init__(self, stream: TextIO, *, keys: bool) -> None:
        self._stream = stream
        self._with_keys = keys
        self._keys = KeyReader(
            self._press, replied=self._learn_graphics, resumed=self._screen_was_taken
        )
        self._commands = CommandKeys()
        self._newest: tuple[Status, float] | None = None  # and when it came, monotonic seconds
        self._view = View()
        self._graphics = graphics.stated(os.environ)
        self._stop = threading.Event()
        self._wake = threading.Event()  # by a key, so that it is seen at once
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
        self._wake.set()
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
        return self._commands.taken()

    def _press(self, key: str) -> None:
        view_key = VIEW_KEYS.get(key.lower())
        if not self._commands.press(key, time.monotonic_ns()) and view_key is not None:
            events = () if self._newest is None else self._newest[0].events
            self._view = pressed(self._view, view_key, events)
        self._wake.set()

    def _learn_graphics(self, reply: str) -> None:
        self._graphics = graphics.replied(reply, self._graphics)

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
        keys = self._with_keys and self._keys.listening
        painter = Painter(self._stream, keys=keys)
        self._screen.enter(self._stop)
        if keys and self._graphics is None and painter.has_colours:
            self._screen.ask(graphics.QUESTION, self._stop)
        repaint_at = 0.0
        pause_s = 0.0
        while True:
            asleep_since = time.monotonic()
            self._wake.wait(pause_s)
            self._wake.clear()
            if self._stop.is_set():
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
                size, known = self._outlet.size(), self._graphics
                lines, pictures = painter.lines(
                    status,
                    size,
                    self._view,
                    silent_s=now - came_at,
                    graphics=known is not None,
                    typed=self._commands.text,
                )
                self._screen.draw(lines, size, self._stop, pictures, known)
            pause_s = max(_PERIOD_S, (time.thread_time() - cpu_s) * (1 / _SHARE - 1))

    def _screen_was_taken(self) -> None:
        self._retake.set()


def can_draw(stream: TextIO) -> bool:
    """Whether the stream is a terminal with cursor movement and block characters."""
    if not stream.isatty():
        return False
    terminal = Console(file=stream)
    utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
    return utf8 and not terminal.is_dumb_terminal and not terminal.legacy_windows
