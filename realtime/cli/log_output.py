"""Log lines to standard error, from a thread of their own.

A terminal that is halted with Ctrl-S takes nothing, and who logs there waits, with the locks it
holds.  So lines wait in a bounded queue instead; those that find no place are left out.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import sys
import threading

from realtime.outlet import Outlet

_WAITING = 1_000  # lines
_PATIENCE_S = 0.5  # for the last lines, to a terminal that takes nothing


class LogOutput(logging.Handler):
    """Formats on the thread that logs, writes on its own."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: queue.Queue[str | None] = queue.Queue(_WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(f"{self.format(record)}\n")
        except queue.Full:
            return

    def close(self) -> None:
        """Write what waits, as far as it is taken.  May be called twice."""
        if not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._lines.put_nowait(None)
            self._thread.join(_PATIENCE_S)
            self._stop.set()
            self._thread.join(_PATIENCE_S)
        super().close()

    def _run(self) -> None:
        outlet: Outlet | None = None
        while (line := self._lines.get()) is not None:
            try:
                outlet = outlet or Outlet(sys.stderr)
                if not outlet.write(line, patience_s=float("inf"), stop=self._stop):
                    return
            except (OSError, ValueError):  # standard error is closed
                return
