"""A terminal of a pseudo-terminal and pyte, with `tests.realtime.dashboard.child` in it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

import pyte

from tests.paths import ROOT

_QUESTION = b"\x1b_Gi=1"
_STRINGS = re.compile(rb"\x1b[_P][^\x1b]*\x1b\\")
_BEGUN_STRING = re.compile(rb"\x1b(?:[_P][^\x1b]*\x1b?)?\Z")
PATIENCE_S = 60.0  # catches a hang; says nothing about speed


class Terminal:
    """Reads what the child writes only between `watch` and leaving the block."""

    def __init__(
        self, columns: int, rows: int, *arguments: str, reply: bytes = b"", **environment: str
    ) -> None:
        self._reply = reply  # to a question about graphics
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self.raw = b""
        self._begun = b""  # of a string that has not ended
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.mode_before = self.mode()
        tell_read, tell_write = os.pipe()
        self._told = tell_read
        self.news = ""
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.realtime.dashboard.child", *arguments],
            cwd=ROOT,
            env=inherited | usual | {"PYTHONUTF8": "1", "TELL": str(tell_write)} | environment,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            pass_fds=(tell_write,),
            start_new_session=True,
        )
        os.close(tell_write)
        self._done = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        self._done.set()
        if self._reader.is_alive():
            self._reader.join()
        for fd in (self.master, self.slave, self._told):
            os.close(fd)

    def watch(self) -> Terminal:
        self._reader.start()
        return self

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self._lock:
            self.screen.resize(rows, columns)

    def mode(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def line(self, row: int) -> str:
        with self._lock:
            return self.screen.display[row]

    @property
    def text(self) -> str:
        with self._lock:
            return "\n".join(self.screen.display)

    def cell(self, text: str) -> pyte.screens.Char:
        """The first character of the text on the screen, with its colours."""
        with self._lock:
            for row, line in enumerate(self.screen.display):
                if text in line:
                    return self.screen.buffer[row][line.index(text)]
        raise AssertionError(f"{text!r} is not on the screen")

    def until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        waiting = threading.Event()
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: never\n{self.text}\n{self.raw[-500:]!r}")
            waiting.wait(0.05)

    def until_shown(self, *texts: str) -> None:
        self.until(lambda: all(t in self.text for t in texts), f"{texts} on the screen")

    def until_changed(self, shown: str, gone: str) -> None:
        def changed() -> bool:
            text = self.text
            return shown in text and gone not in text

        self.until(changed, f"{shown!r} in place of {gone!r}")

    def until_told(self, line: str) -> None:
        def told() -> bool:
            while select.select([self._told], [], [], 0)[0]:
                data = os.read(self._told, 4096)
                if not data:
                    break
                self.news += data.decode()
            return line in self.news.split("\n")

        self.until(told, f"the child telling {line!r}")

    def ended(self) -> int:
        """The child's exit code, when all it wrote has been read."""
        code = self.child.wait(PATIENCE_S)
        self._done.set()
        if self._reader.is_alive():
            self._reader.join()
        return code

    def _read(self) -> None:
        while True:
            last_look = self._done.is_set()
            if select.select([self.master], [], [], 0.05)[0]:
                data = os.read(self.master, 65536)
                with self._lock:
                    asked = _QUESTION in self.raw
                    self.raw += data
                    # pyte would show the strings of a sequence that it does not know
                    whole = _STRINGS.sub(b"", self._begun + data)
                    cut = _BEGUN_STRING.search(whole)
                    self._begun = whole[cut.start() :] if cut else b""
                    self._stream.feed(whole[: cut.start()] if cut else whole)
                if self._reply and not asked and _QUESTION in self.raw:
                    os.write(self.master, self._reply)
            elif last_look:
                return
