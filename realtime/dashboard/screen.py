"""The terminal's alternate screen: entered, redrawn line by line, and left.

Only lines that changed are sent, and everything once a second, because a driver or a codec
may write to standard error across the picture.  The cursor rests at the top left, where such
a line does not scroll the screen.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Sequence

from realtime.dashboard.graphics import USUAL_CELL_PX, Graphics, cleared, drawn
from realtime.dashboard.pictures import PlacedPicture
from realtime.outlet import Outlet

logger = logging.getLogger(__name__)

_TAKE = "\x1b[?1049h\x1b[?25l\x1b[2J"  # alternate screen, cursor hidden, cleared
_GIVE_BACK = "\x1b[0m\x1b[2J\x1b[H\x1b[?25h\x1b[?1049l"
_CANCEL = "\x18"  # ends an escape sequence that was cut short
_HOME = "\x1b[H"
_PICTURE_S = 0.25  # between two of the face: each is some ten kilobytes
_PATIENCE_S = 1.0  # for giving the screen back to a terminal that takes nothing


class Screen:
    """Taken by `take`, given back by `give_back`, at the latest when the interpreter ends."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._taken = False
        self._cut_short = False
        self._shown: tuple[str, ...] = ()
        self._size = (0, 0)
        self._pictures: tuple[PlacedPicture, ...] = ()
        self._pictured_at = 0.0

    def enter(self, stop: threading.Event) -> None:
        """Also after a stop and `fg`: the shell has its own screen up by then."""
        if not self._taken:
            atexit.register(self.give_back)
        self._taken = True
        self.forget()
        self._send(_TAKE, stop)

    def ask(self, question: str, stop: threading.Event) -> None:
        """Send a question to the terminal, whose reply comes with the keys."""
        self._send(question + _HOME, stop)

    def draw(
        self,
        lines: Sequence[str],
        size: tuple[int, int],
        stop: threading.Event,
        pictures: Sequence[PlacedPicture] = (),
        graphics: Graphics | None = None,
    ) -> None:
        """Show the lines, each exactly as wide as the screen, and the pictures over them.

        Raises:
            OSError: the terminal is gone.
        """
        moved = _places(pictures) != _places(self._pictures)
        anew = moved or size != self._size  # what lay under a picture is not overwritten by text
        if anew:
            self.forget()
        whole = not self._shown
        sent = [
            f"\x1b[{row};1H{line}"
            for row, line in enumerate(lines, start=1)
            if whole or line != self._shown[row - 1]
        ]
        if graphics is not None:
            if moved:
                sent.insert(0, cleared(graphics))
            sent += self._over(pictures, graphics, whole=whole)
        if not sent:
            return
        clear = "\x1b[0m\x1b[2J" if anew else ""
        self._size = size
        self._shown = tuple(lines)
        self._send(clear + "".join(sent) + _HOME, stop)

    def _over(
        self, pictures: Sequence[PlacedPicture], graphics: Graphics, *, whole: bool
    ) -> list[str]:
        """Escape codes of the pictures; not more often than `_PICTURE_S` while nothing moves."""
        now = time.monotonic()
        if not whole and now - self._pictured_at < _PICTURE_S:
            return []
        self._pictures, self._pictured_at = tuple(pictures), now
        cell_px = self._outlet.cell_px() or USUAL_CELL_PX
        return [drawn(one, graphics, k, cell_px) for k, one in enumerate(pictures, start=1)]

    def forget(self) -> None:
        """Redraw every line next time."""
        self._shown = ()

    def give_back(self) -> None:
        """Cursor, colours and the user's own screen.  May be called twice."""
        if not self._taken:
            return
        self._taken = False
        atexit.unregister(self.give_back)
        start = _CANCEL if self._cut_short else ""
        try:
            self._outlet.resume()
            self._outlet.write(start + _GIVE_BACK, patience_s=_PATIENCE_S)
        except OSError as error:  # the terminal was closed: there is nothing to restore
            logger.info("the terminal is gone: %s", error)

    def _send(self, text: str, stop: threading.Event) -> None:
        self._cut_short = True
        self._cut_short = not self._outlet.write(text, patience_s=float("inf"), stop=stop)


def _places(pictures: Sequence[PlacedPicture]) -> list[tuple[int, int, int, int]]:
    return [(p.row, p.column, p.rows, p.columns) for p in pictures]
