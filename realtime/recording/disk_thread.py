"""The disk work of a session's lines on one thread of its own, in the order in which it was given.

An fsync takes as long as the disk likes, and a network drive may not answer at all: the analysis
hands over what is to be written and goes on.  Used by the event log, the table of frames and the
markers, and asked whether anything can be written.  No fault of the disk affects detection.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Self

from realtime.recording.session_folder import SessionFolder

Job = Callable[[], None]

_WAITING = 10_000  # jobs; the lines of five minutes at 30 frames a second
_LOOK_S = 1.0  # how often it is looked at
_SILENT_S = 5.0  # without an answer for as long, the disk is said not to answer
_LIVE_DRAIN_S, _FILE_DRAIN_S = 1.0, 30.0  # at the end, for what still waits
_log = logging.getLogger(__name__)


class DiskThread:
    """Context manager; leaving the block writes what waits, within a time.

    Args:
        live: jobs that find no place are dropped and counted; else the caller waits.
    """

    def __init__(self, session: SessionFolder, *, live: bool) -> None:
        self.dropped = 0  # jobs
        self._session = session
        self._live = live
        self._jobs: queue.Queue[Job | None] = queue.Queue(_WAITING)
        self._look()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, job: Job) -> None:
        """Have it done; returns at once, but for a film whose jobs find no place."""
        try:
            self._jobs.put(job, block=not self._live)
        except queue.Full:
            self.dropped += 1

    def free_bytes(self) -> int:
        """Room on the session's disk, as it was a moment ago."""
        return self._free_bytes

    def blocked(self) -> str:
        """Why nothing can be written, as it was a moment ago; "": nothing speaks against it."""
        silent = time.monotonic() - self._looked_s > _LOOK_S + _SILENT_S
        return "the disk does not answer" if silent else self._blocked

    def close(self) -> None:
        """May be called twice."""
        if self._over.is_set():
            return
        self._over.set()
        drain_s = _LIVE_DRAIN_S if self._live else _FILE_DRAIN_S
        with contextlib.suppress(queue.Full):
            self._jobs.put(None, timeout=drain_s)
        self._thread.join(drain_s)
        if self._thread.is_alive():
            _log.warning("the disk does not answer: the last lines of the session may be missing")

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_LOOK_S)
            except queue.Empty:
                job = _nothing
            if job is None:
                return
            try:
                job()
                if time.monotonic() - self._looked_s >= _LOOK_S:
                    self._look()
            except OSError as error:  # of the look: what a job meets, it counts itself
                _log.warning("the disk cannot be read: %s", error)

    def _look(self) -> None:
        self._free_bytes = self._session.free_bytes()
        self._blocked = self._session.blocked()
        self._looked_s = time.monotonic()


def _nothing() -> None:
    """No job came: time to look at the disk."""
