"""Reads a source into the ring: starts reader threads, and a watchdog that supervises them.

`read()` of a camera may never return, or return the last picture as a success after the camera
was unplugged.  So a second thread judges a live source by the age of its newest changed frame,
abandons a reader thread that is stuck, and opens the source again in another.  Files need no
watchdog: they are played by their own time stamps, or as fast as a lossless ring takes them.

Used by the pipeline as a context manager.  Settings are seconds, frame times integer nanoseconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

from realtime.capture.reader_thread import SourceReader
from realtime.capture.ring_buffer import FrameRing
from realtime.capture.source import OPEN_S, Source, SourceInfo
from realtime.capture.state import CaptureState
from realtime.capture.stats import CaptureStats
from realtime.errors import SourceError

MAX_STUCK = 2  # each stuck thread keeps a device handle: more would not help
FROZEN_REOPEN_S = 5.0  # a picture that changed before and not for this long: open the source again
JOIN_S = 1.5  # longer than the read time-out of a stream
_TICK_S = 0.05
_FIRST_OPEN_S = 2.0
_PAUSE_MAX_S = 4.0  # between two attempts at the start
_LATE_S = 0.5  # an opening that counts its own time is over by then


class CaptureThread:
    """Reads one source into `ring` until it ends or the block is left.

    Args:
        open_source: opens the source within the seconds it is passed; called again, from another
            thread, when it was lost.
        ring: filled by this alone, and closed at the end.
        realtime: play a file by its time stamps; False: as fast as the ring allows.
        open_s: a driver or server that has not answered by then is taken to hang.  One that was
            lost is tried for `_FIRST_OPEN_S` first, then for twice as long each time up to this:
            a server that fell silent may answer the next attempt, and not the one that waits.
        wait_s: one that is missing or busy at the start is tried again for as long, after pauses
            of `retry_s` and twice as long each time, up to `_PAUSE_MAX_S`.
        stall_s: a live source is LOST after this long without a frame.
        frozen_s: it is FROZEN after this long without a changed one.
        retry_s, retry_max_s: wait before opening again, doubled up to the second.

    Raises:
        SourceError: from `__enter__`, when the source cannot be opened.
    """

    def __init__(
        self,
        open_source: Callable[[float], Source],
        ring: FrameRing,
        *,
        realtime: bool,
        open_s: float = OPEN_S,
        wait_s: float = 0.0,
        stall_s: float = 1.2,
        frozen_s: float = 1.0,
        retry_s: float = 0.25,
        retry_max_s: float = 1.0,
    ) -> None:
        self._open_source = open_source
        self._realtime = realtime
        self._open_s, self._wait_s = open_s, wait_s
        self._stall_s = stall_s
        self._retry_s, self._retry_max_s = retry_s, retry_max_s
        self._intake = CaptureState(ring, stall_s, frozen_s)
        self._attempt = self._fresh_attempt(open_s)
        self._given_up: list[SourceReader] = []
        self._watchdog: threading.Thread | None = None

    def __enter__(self) -> Self:
        until_s, pause_s = time.monotonic() + self._wait_s, self._retry_s
        while (error := self._open()) is not None:
            left_s = until_s - time.monotonic()
            hangs = self._attempt.error is None  # what is stuck once would be stuck again
            if left_s <= 0 or hangs or not isinstance(error, SourceError):
                self._leave(join_s=0 if hangs else JOIN_S)
                raise error
            self._intake.over.wait(min(pause_s, left_s))
            pause_s = min(2 * pause_s, _PAUSE_MAX_S)
            self._attempt = self._fresh_attempt(self._open_s)
        if self.info.live:
            self._watchdog = threading.Thread(
                target=self._watch, name="capture-watchdog", daemon=True
            )
            self._watchdog.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave(join_s=JOIN_S)

    @property
    def info(self) -> SourceInfo:
        """Of the open source, once the block is entered."""
        return self._intake.info

    def stats(self) -> CaptureStats:
        with self._intake.lock:
            attempt = self._attempt
            if self._intake.info.live:
                self._look(attempt)
            return self._intake.stats(attempt.alive_ns, attempt.undecodable)

    def check(self) -> None:
        """Raises the error that ended the thread, with its own traceback."""
        if self._intake.failure is not None:
            raise self._intake.failure

    def notices(self) -> tuple[str, ...]:
        """Short lines for the user, newest last."""
        return self._intake.notices()

    def _open(self) -> BaseException | None:
        """The attempt at the start; returns why it failed, if it did."""
        attempt = self._attempt
        attempt.start()
        if attempt.answered.wait(self._open_s + _LATE_S):
            return attempt.error
        with self._intake.lock:
            attempt.stopped.set()
        return SourceError(
            f"the source did not answer within {self._open_s:g} s; close other programs "
            "that use it, unplug it and plug it in again, or give --open-timeout"
        )

    def _fresh_attempt(self, open_s: float) -> SourceReader:
        return SourceReader(self._open_source, self._intake, open_s, realtime=self._realtime)

    def _watch(self) -> None:
        """The watchdog's thread."""
        over = self._intake.over
        wait_s, open_s = self._retry_s, _FIRST_OPEN_S
        while not over.wait(_TICK_S):
            attempt = self._attempt
            with self._intake.lock:
                self._look(attempt)
            reason = self._trouble(attempt)
            if reason is None:
                if attempt.frames:
                    wait_s, open_s = self._retry_s, _FIRST_OPEN_S
                continue
            if not self._give_up(attempt, reason):
                continue
            # Counted from the last opening: one that took its whole time-out has waited enough.
            begun_s = (time.monotonic_ns() - attempt.begun_ns) / 1e9
            if self._wait(wait_s - begun_s):
                return
            wait_s = min(2 * wait_s, self._retry_max_s)
            fresh = self._fresh_attempt(min(open_s, self._open_s))
            open_s = min(2 * open_s, self._open_s)
            with self._intake.lock:
                self._attempt = fresh
                self._intake.reopen()
            fresh.start()

    def _wait(self, seconds: float) -> bool:
        """Whether it was over before as many had passed."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            if self._intake.over.wait(min(_TICK_S, left_s)):
                return True
            with self._intake.lock:
                self._look(self._attempt)
        return self._intake.over.is_set()

    def _look(self, attempt: SourceReader) -> None:
        """A stop of the program itself is not the source's fault.  With the lock held."""
        now_ns = time.monotonic_ns()
        if self._intake.look(now_ns):
            attempt.alive_ns = now_ns

    def _trouble(self, attempt: SourceReader) -> str | None:
        """What is wrong with the attempt, if anything."""
        if attempt.ended is not None:
            return attempt.ended
        now_ns = time.monotonic_ns()
        limit_s = self._stall_s if attempt.answered.is_set() else attempt.open_s + _LATE_S
        with self._intake.lock:
            if attempt.sends_damaged():
                attempt.alive_ns = now_ns  # opened again, it would send no other pictures
        if (now_ns - attempt.alive_ns) / 1e9 > limit_s:
            return f"no picture for {limit_s:g} s"
        with self._intake.lock:
            still_s = self._intake.still_s(now_ns)
        # A source that has never changed shows a still: opening it again gains nothing.
        if attempt.moved and still_s > FROZEN_REOPEN_S:
            return f"the same picture for {FROZEN_REOPEN_S} s"
        return None

    def _give_up(self, attempt: SourceReader, reason: str) -> bool:
        """Marks the source lost; True if another reader may be started."""
        self._given_up = [a for a in self._given_up if a.stuck]
        with self._intake.lock:
            self._intake.lose(reason)
            if attempt.ended is None and len(self._given_up) >= MAX_STUCK:
                self._intake.tell("does not answer its driver: restart needed")
                return False
            attempt.stopped.set()
        self._given_up.append(attempt)
        return True

    def _leave(self, join_s: float) -> None:
        self._intake.over.set()  # first, or the watchdog would take the end for a loss
        with self._intake.lock:
            self._attempt.stopped.set()
        self._intake.close()
        if self._watchdog is not None:
            self._watchdog.join(JOIN_S)
        # The watchdog may have started a last reader while it was being stopped.
        self._attempt.stopped.set()
        end_s = time.monotonic() + join_s  # for all of them together
        for attempt in (*self._given_up, self._attempt):
            attempt.join(max(0.0, end_s - time.monotonic()))
