"""The terminal's mode while keys are read: at once, without echo; POSIX only.

Signals stay, so Ctrl-C and Ctrl-Z belong to the program.  The mode is put back on leaving, at the
latest when the interpreter ends.
"""

from __future__ import annotations

import atexit
import logging
import termios

logger = logging.getLogger(__name__)


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
