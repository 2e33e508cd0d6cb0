"""Ctrl-C, TERM and HUP: the first ends a run properly, the second ends the program.

A signal that was ignored when the program began stays ignored: that is how nohup keeps it from
the hang-up of its terminal.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130  # exit code
_GRACE_S = 0.3  # from the second signal to the end, whatever still waits


class Stop(threading.Event):
    """Set by the first signal.

    `begun` is set by the run once it looks at this event; before, a signal interrupts at once,
    because what opens a source or builds kernels looks at nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """An event that the first signal sets; the second interrupts at once."""
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set() or not stop.begun.is_set():
            threading.Thread(target=_end_soon, name="end", daemon=True).start()
            raise KeyboardInterrupt
        stop.set()

    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    numbers = [getattr(signal, name) for name in names]
    taken = [n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in taken}
    try:
        yield stop
    except KeyboardInterrupt:
        _end_now()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_soon() -> None:
    """End the process, also where a thread hangs in a driver or waits for a disk."""
    threading.Event().wait(_GRACE_S)
    _end_now()


def _end_now() -> None:
    """End past the libraries, which abort the process while a thread of theirs opens a source."""
    atexit._run_exitfuncs()  # the terminal's mode and screen are given back there
    os._exit(INTERRUPTED)
