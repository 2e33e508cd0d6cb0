"""The keyboard while the dashboard is up: what is typed becomes names of keys.

Keys are read on a thread of their own.  A terminal's replies to questions (`graphics.py`) come
the same way and are told apart here.
"""

from __future__ import annotations

import codecs
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Self

if sys.platform == "win32":
    import msvcrt
else:
    import select

    from realtime.dashboard.cbreak import CbreakMode

logger = logging.getLogger(__name__)

# In this order: a terminal's reply (kitty's of graphics, and of device attributes), a sequence of
# an arrow, function key, the keypad or Alt, any other character.
_TYPED = re.compile(
    r"(?P<reply>\x1b_G[^\x1b]*\x1b\\|\x1b\[\?[0-9;]*c)"
    r"|(?P<sequence>\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.|[^\x1b\[O_]))"
    r"|(?P<key>.)",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(?:_[^\x1b]*\x1b?|\[[0-9;?]*|O)?$")
_LONGEST = 256  # characters of a sequence that is not finished; beyond, it is none

NAMED = {
    **{"\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1bOB": "down"},
    **{"\x1b[5~": "page up", "\x1b[6~": "page down"},
    **{"\x1b[H": "home", "\x1bOH": "home", "\x1b[1~": "home"},
    **{"\x1b[F": "end", "\x1bOF": "end", "\x1b[4~": "end"},
    **{"\r": "enter", "\n": "enter", "\x1b": "escape"},
}
_WINDOWS = {"H": "up", "P": "down", "I": "page up", "Q": "page down", "G": "home", "O": "end"}

_POLL_S = 0.1


class KeyReader:
    """Reads standard input if it is a terminal and this program is in its foreground.

    Args:
        pressed: called with the name of every key, on the thread that reads.
        replied: called with every reply of the terminal.
        resumed: called when the terminal's mode was found changed, as a shell does between
            Ctrl-Z and `fg`, and has been set again.
    """

    def __init__(
        self,
        pressed: Callable[[str], None],
        *,
        replied: Callable[[str], None] = lambda _: None,
        resumed: Callable[[], None] = lambda: None,
    ) -> None:
        self._pressed, self._replied, self._resumed = pressed, replied, resumed
        self._unfinished = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
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

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                typed = self._read()
            except OSError as error:
                logger.warning("the keyboard cannot be read any more: %s", error)
                return
            if typed is None:
                return
            for key in self._keys_of(typed):
                self._pressed(key)

    def _keys_of(self, typed: str) -> Iterator[str]:
        """Names of keys; a sequence may come in two pieces, an escape alone is the key."""
        text = self._unfinished + typed
        tail = _UNFINISHED.search(text) if typed else None
        begun = "" if tail is None or len(tail.group()) > _LONGEST else tail.group()
        self._unfinished = begun
        for found in _TYPED.finditer(text, 0, len(text) - len(begun)):
            if found["reply"]:
                self._replied(found["reply"])
            elif found["sequence"]:
                yield from (NAMED[found.group()],) if found.group() in NAMED else ()
            else:
                yield NAMED.get(found.group(), found.group())

    if sys.platform == "win32":

        def _read(self) -> str | None:
            self._stop.wait(_POLL_S)
            typed = ""
            while msvcrt.kbhit():
                key = msvcrt.getwch()
                if key in "\x00\xe0":  # a key without a character: its code follows
                    named = _WINDOWS.get(msvcrt.getwch(), "")
                    typed += next((s for s, name in NAMED.items() if name == named), "")
                else:
                    typed += key
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
            typed = os.read(fd, 512)
            return self._decoder.decode(typed) if typed else None


if sys.platform != "win32":

    def _in_foreground(fd: int) -> bool:
        try:
            return os.tcgetpgrp(fd) == os.getpgrp()
        except OSError:  # not our controlling terminal, so it does not stop us either
            return True


def _keyboard_is_ours() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    # From the background, changing the terminal's mode would stop the whole program.
    return sys.platform == "win32" or _in_foreground(sys.stdin.fileno())
