"""`fleeting demo` in a terminal of its own, for `screenshot` and `screens`.

Needs the extra `test` (pyte) and a system with pseudo-terminals.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from typing import Self

import pyte

_LONGEST_S = 600.0  # catches a hang
_COMMAND = (sys.executable, "-m", "run_live", "--demo", "--no-record")  # fleeting demo


class DemoTerminal:
    """The program runs until the block is left; q ends it."""

    def __init__(self, columns: int, rows: int, environment: Mapping[str, str]) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.output = b""
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            for name in ("NO_COLOR", "COLORTERM", "COLUMNS", "LINES"):
                os.environ.pop(name, None)
            os.environ.update(environment)
            os.execv(_COMMAND[0], _COMMAND)
        self.resize(columns, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._terminal, b"q")
        while self._read(_LONGEST_S):  # what the program prints at its end is nobody's
            pass
        os.close(self._terminal)
        os.waitpid(self._child, 0)

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)
        self.screen.resize(rows, columns)

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def until(self, holds: Callable[[], bool]) -> bool:
        """Read until the screen is so; False if the program ends before."""
        deadline_s = time.monotonic() + _LONGEST_S
        while not holds():
            if time.monotonic() > deadline_s or not self._read(0.2):
                return False
        return True

    def _read(self, wait_s: float) -> bool:
        """Whether the program still runs."""
        if not select.select([self._terminal], [], [], wait_s)[0]:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.output += data
        self._stream.feed(data)
        return bool(data)
