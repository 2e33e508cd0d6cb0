"""The keyboard while the dashboard is up: single keys become commands.

Keys are read on a thread of their own, in cbreak mode, so Ctrl-C and Ctrl-Z still are signals
and belong to the program.  The terminal's mode is put back on leaving, at the latest when the
interpreter ends.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Self

if sys.platform == "win32":
    import msvcrt
else:
    import select
    import termios

logger = logging.getLogger(__name__)

# Arrows, function keys and the keypad: an escape, then letters that are not meant as commands.
_ESCAPED = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?")

_POLL_S = 0.1
_HELD = 64  # commands kept until the program reads them


class KeyCommand(Enum):
    QUIT = "quit"
    REST = "rest"  # learn the face at rest again
    MARKER = "marker"  # note this moment in the session
    PAUSE = "pause"  # pause, or go on


KEYS = {"q": KeyCommand.QUIT, "r": KeyCommand.REST, "m": KeyCommand.MARKER, "p": KeyCommand.PAUSE}


class KeyReader:
    """Reads standard input if it is a terminal and this program is in its foreground.

    Args:
        resumed: called when the terminal's mode was found changed, as a shell does between
            Ctrl-Z and `fg`, and has been set again.
    """

    def __init__(self, resumed: Callable[[], None]) -> None:
        self._resumed = resumed
        self._pressed: deque[KeyCommand] = deque(maxlen=_HELD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
        self._mode: CbreakMode | None = None

    def __enter__(self) -> Self:
        if _keyboard_is_ours():
            if sys.platform != "win32":
                self._mode = CbreakMode(sys.stdin.fileno())
                self._mode.enter()
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        if self._mode is not None:
            self._mode.leave()

    @property
    def listening(self) -> bool:
        return self._thread.is_alive()

    def commands(self) -> tuple[KeyCommand, ...]:
        pressed = []
        while self._pressed:
            pressed.append(self._pressed.popleft())
        return tuple(pressed)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                typed = self._read()
            except OSError as error:
                logger.warning("the keyboard cannot be read any more: %s", error)
                return
            if typed is None:
                return
            plain = _ESCAPED.sub("", typed).lower()
            self._pressed.extend(KEYS[key] for key in plain if key in KEYS)

    if sys.platform == "win32":

        def _read(self) -> str | None:
            self._stop.wait(_POLL_S)
            typed = ""
            while msvcrt.kbhit():
                typed += msvcrt.getwch()
            return typed

    else:

        def _read(self) -> str | None:
            """What was typed, "" if nothing was, None at the end of input."""
            fd = sys.stdin.fileno()
            if not _in_foreground(fd):  # in the background, reading would stop us
                self._stop.wait(_POLL_S)
                return ""
            if self._mode is not None and self._mode.enter_again():
                self._resumed()
            readable, _, _ = select.select([fd], [], [], _POLL_S)
            if not readable:
                return ""
            typed = os.read(fd, 64)
            return typed.decode("ascii", "ignore") if typed else None


if sys.platform != "win32":

    def _in_foreground(fd: int) -> bool:
        try:
            return os.tcgetpgrp(fd) == os.getpgrp()
        except OSError:  # not our controlling terminal, so it does not stop us either
            return True

    class CbreakMode:
        """Keys come at once and without echo; signals stay.

        Modes are set with TCSANOW: waiting for output to drain would never end on a stopped
        terminal.
        """

        def __init__(self, fd: int) -> None:
            self._fd = fd
            self._before = termios.tcgetattr(fd)
            self._entered = False

        def enter(self) -> None:
            if not self._entered:
                atexit.register(self.leave)
            self._entered = True
            mode = termios.tcgetattr(self._fd)
            mode[3] &= ~(termios.ICANON | termios.ECHO)
            mode[6][termios.VMIN] = 1
            mode[6][termios.VTIME] = 0
            termios.tcsetattr(self._fd, termios.TCSANOW, mode)

        def enter_again(self) -> bool:
            """True if another program had taken the terminal out of cbreak mode.

            Raises:
                OSError: the terminal is gone.
            """
            try:
                if not termios.tcgetattr(self._fd)[3] & (termios.ICANON | termios.ECHO):
                    return False
                self.enter()
            except termios.error as error:  # no kin of OSError, though it is one
                raise OSError(*error.args) from error
            return True

        def leave(self) -> None:
            """May be called twice."""
            if not self._entered:
                return
            self._entered = False
            atexit.unregister(self.leave)
            try:
                termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
            except termios.error as error:
                logger.warning("the terminal's mode could not be put back: %s", error)


def _keyboard_is_ours() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    # From the background, changing the terminal's mode would stop the whole program.
    return sys.platform == "win32" or _in_foreground(sys.stdin.fileno())
