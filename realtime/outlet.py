"""Text to a terminal or a pipe that may stop taking it (Ctrl-S, a full pipe, a stopped reader).

A write here waits no longer than its time-out, so that a dashboard's thread can always be
ended.  It goes past the stream's own buffer: a thread stuck inside that buffer's lock would
abort the interpreter at exit.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

if sys.platform != "win32":
    import fcntl
    import struct
    import termios

_SLOW_S = 1.0  # what takes longer is explained
_LINE_S = 0.5  # a line that a halted terminal does not take in this time is left out
_LOOK_UP_S = 0.1  # how often a waiting write looks whether it should give up

# A pipe that select calls writable takes this many bytes without blocking (POSIX).
_SLICE_BYTES = 512 if sys.platform == "win32" else select.PIPE_BUF


class Outlet:
    """One stream's way out.  Used by one thread at a time."""

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._fd = _own_descriptor(stream)
        self._closed = False

    def write(self, text: str, *, patience_s: float, stop: threading.Event | None = None) -> bool:
        """Hand over the text; False if `stop` was set or patience ended before the last of it.

        Raises:
            OSError: the other side is gone.
        """
        if self._closed:
            return False
        data = text.encode(self._encoding, "replace")
        if self._fd is None:
            self._stream.write(data.decode(self._encoding))
            self._stream.flush()
            return True
        left = memoryview(data)
        deadline = time.monotonic() + patience_s
        while left:
            wait_s = min(_LOOK_UP_S, max(0.0, deadline - time.monotonic()))
            _, writable, _ = select.select([], [self._fd], [], wait_s)
            if writable:
                left = left[self._write_some(left[:_SLICE_BYTES]) :]
            elif (stop is not None and stop.is_set()) or time.monotonic() >= deadline:
                return False
        return True

    def resume(self) -> None:
        """Undo Ctrl-S: what is still to be written matters more than the pause."""
        if sys.platform != "win32" and self._fd is not None and os.isatty(self._fd):
            # On Linux TCOON alone only undoes TCOOFF; the pair also undoes the stop character.
            try:
                termios.tcflow(self._fd, termios.TCOOFF)
                termios.tcflow(self._fd, termios.TCOON)
            except termios.error as error:  # no kin of OSError, though it is one
                raise OSError(*error.args) from error

    def close(self) -> None:
        """May be called twice."""
        self._closed = True
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal; 80×24 where it does not say."""
        try:
            columns, rows = os.get_terminal_size(self._fd if self._fd is not None else 1)
        except OSError:
            return 80, 24
        return (columns, rows) if columns > 0 and rows > 0 else (80, 24)

    def cell_px(self) -> tuple[int, int] | None:
        """Width and height of a character in pixels; None where the terminal does not say."""
        if sys.platform == "win32" or self._fd is None:
            return None
        try:
            packed = fcntl.ioctl(self._fd, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            return None
        rows, columns, width, height = struct.unpack("HHHH", packed)
        return (width // columns, height // rows) if rows and columns and width and height else None

    def _write_some(self, data: memoryview) -> int:
        assert self._fd is not None
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # select was too hopeful: the terminal has no room after all
            return 0


def _own_descriptor(stream: TextIO) -> int | None:
    """A descriptor of our own, None where only the stream itself can be written."""
    if sys.platform == "win32":  # select knows sockets only
        return None
    try:
        fd = stream.fileno()
    except (AttributeError, OSError, ValueError):  # a stream in memory
        return None
    if os.isatty(fd):
        # Opened again, so that not waiting is ours alone: O_NONBLOCK set on the inherited one
        # would also hold for standard input and error, which mostly share it.
        try:
            return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:  # a terminal of another container has no name here
            return os.dup(fd)
    return os.dup(fd)


def tell(line: str) -> None:
    """One line on standard error; left out where nothing takes it, for no run waits for it."""
    with suppress(OSError, ValueError):  # gone, or closed
        outlet = Outlet(sys.stderr)
        try:
            outlet.write(f"{line}\n", patience_s=_LINE_S)
        finally:
            outlet.close()


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Says on stderr what is being waited for, once that takes longer than a second."""
    done = threading.Event()
    told = threading.Event()

    def explain() -> None:
        if not done.wait(_SLOW_S):
            told.set()
            tell(f"fleeting: {what}")

    threading.Thread(target=explain, name="explain", daemon=True).start()
    try:
        yield
    finally:
        done.set()
    if told.is_set():
        tell("fleeting: ready")
