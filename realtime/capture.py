"""The thread that owns the source and fills the ring, and the watchdog that judges it.

`read()` of a camera may block for ever, or hand out the last picture with success after the plug
was pulled.  So a second thread judges a live source by the age of its newest changed frame, gives
up a reading thread that is stuck, and opens the source anew in a fresh one.  Files need no
watchdog: they are played by their own time stamps, or as fast as a lossless ring takes them.

Used by the pipeline as a context manager.  Settings are seconds, frame times integer nanoseconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Self

from realtime.errors import SourceError
from realtime.ring_buffer import FrameRing
from realtime.sources.frame_rate import FrameRate
from realtime.sources.liveness import Liveness
from realtime.sources.source import Shot, Source, SourceInfo
from realtime.status import CameraState, CaptureStats

log = logging.getLogger(__name__)

OPEN_S = 2.5  # a driver that has not answered by then is taken to hang
MAX_STUCK = 2  # each stuck thread keeps a device handle: more would not help
FROZEN_REOPEN_S = 5.0  # a picture that moved before and stands this long: open the source anew
JOIN_S = 1.5  # longer than the read time-out of a stream
_TICK_S = 0.05
_PAUSE_S = 1.0  # a tick this late means the whole program stood still, not the camera


class _Attempt:
    """One opening of the source and the thread that reads it until it is lost or stopped."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.source: Source | None = None
        self.answered = threading.Event()  # opened, or failed to
        self.stopped = threading.Event()  # nobody wants its frames any more
        self.ended: str | None = None  # why the thread came to its end
        self.error: BaseException | None = None  # what opening raised
        self.alive_ns = time.monotonic_ns()  # last sign of life
        self.frames = 0
        self.moved = False  # two different pictures were seen

    @property
    def stuck(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class CaptureThread:
    """Reads one source into `ring` until it ends or the block is left.

    Args:
        open_source: opens the source; called again, from another thread, when it was lost.
        ring: filled by this alone, and closed at the end.
        realtime: play a file by its time stamps; False: as fast as the ring allows.
        stall_s: a live source is LOST after this long without a frame.
        frozen_s: it is FROZEN after this long without a changed one.
        retry_s, retry_max_s: wait before opening anew, doubled up to the second.

    Raises:
        SourceError: from `__enter__`, when the source cannot be opened.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        ring: FrameRing,
        *,
        realtime: bool,
        stall_s: float = 1.2,
        frozen_s: float = 1.0,
        retry_s: float = 0.25,
        retry_max_s: float = 1.0,
    ) -> None:
        self.info: SourceInfo  # of the open source, once the block is entered
        self._open_source = open_source
        self._ring = ring
        self._realtime = realtime
        self._stall_s = stall_s
        self._retry_s, self._retry_max_s = retry_s, retry_max_s
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._attempt = _Attempt()
        self._given_up: list[_Attempt] = []
        self._watchdog: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._notices: deque[str] = deque(maxlen=8)
        self._rate = FrameRate(outage_s=stall_s)
        self._liveness = Liveness(stall_s, frozen_s)
        self._frames = self._refused = self._reopened = 0
        self._last_ns: int | None = None
        self._lost = self._ended = self._closed = False

    def __enter__(self) -> Self:
        attempt = self._attempt
        self._start(attempt)
        if not attempt.answered.wait(OPEN_S):
            self._leave(join_s=0)
            raise SourceError(
                f"the source did not answer within {OPEN_S} s; "
                "close other programs that use it, unplug it and plug it in again"
            )
        if attempt.error is not None:
            self._leave(join_s=JOIN_S)
            raise attempt.error
        if self.info.live:
            self._watchdog = threading.Thread(
                target=self._watch, name="capture-watchdog", daemon=True
            )
            self._watchdog.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave(join_s=JOIN_S)

    def stats(self) -> CaptureStats:
        now_ns = time.monotonic_ns()
        with self._lock:
            info = self.info
            current = self._attempt.source
            return CaptureStats(
                state=self._state(now_ns),
                frames=self._frames,
                missing=self._rate.missing if info.live else 0,
                refused=self._refused + (current.refused if current else 0),
                reopened=self._reopened,
                age_s=self._liveness.age_s(now_ns) if info.live else 0.0,
                asked_fps=info.asked_fps,
                told_fps=info.told_fps,
                measured_fps=self._rate.fps,
            )

    def check(self) -> None:
        """Raises what ended the thread before its time, with the traceback of where it arose."""
        if self._failure is not None:
            raise self._failure

    def notices(self) -> tuple[str, ...]:
        """Short lines for the user, newest last."""
        with self._lock:
            return tuple(self._notices)

    def _state(self, now_ns: int) -> CameraState:
        if self._ended:
            return CameraState.ENDED
        if self._closed or self._failure is not None:
            return CameraState.CLOSED
        if not self.info.live:
            return CameraState.LIVE if self._frames else CameraState.OPENING
        if self._lost or (now_ns - self._attempt.alive_ns) / 1e9 > self._stall_s:
            return CameraState.LOST
        return self._liveness.judge(now_ns)

    # The reading thread.

    def _start(self, attempt: _Attempt) -> None:
        # A driver that never returns must not keep the program from ending: hence daemon.
        attempt.thread = threading.Thread(
            target=self._run, args=(attempt,), name="capture", daemon=True
        )
        attempt.thread.start()

    def _run(self, attempt: _Attempt) -> None:
        try:
            source = self._open_source()
        except BaseException as error:
            attempt.error = error
            attempt.ended = str(error)
            if self._watchdog is not None and not isinstance(error, SourceError):
                self._fail(error)
            attempt.answered.set()
            return
        with source:
            with self._lock:
                if not attempt.stopped.is_set():
                    self.info = source.info
                    attempt.source = source
                    attempt.alive_ns = time.monotonic_ns()
            attempt.answered.set()
            try:
                reason = self._deliver(attempt, source)
            except SourceError as error:
                reason = str(error)
                if not source.info.live:
                    self._fail(error)
            except BaseException as error:
                self._fail(error)
                reason = "failed"
            with self._lock:
                if attempt.source is not None:
                    attempt.source = None
                    self._refused += source.refused
        attempt.ended = reason

    def _deliver(self, attempt: _Attempt, source: Source) -> str:
        """Moves frames from the source to the ring; returns why no more come."""
        live = source.info.live
        size = (source.info.height, source.info.width, 3)
        start_ns = time.monotonic_ns()
        first_ns: int | None = None
        while not attempt.stopped.is_set():
            shot = source.read()
            if attempt.stopped.is_set():
                break
            if shot is None:
                if not live:
                    self._finish()
                return "the source gives no more pictures"
            if shot.image.shape != size:
                with self._lock:
                    self._refused += 1
                if live:
                    return "the picture changed its size"
                continue
            if not live and self._realtime:
                first_ns = shot.t_ns if first_ns is None else first_ns
                wait_s = (start_ns + shot.t_ns - first_ns - time.monotonic_ns()) / 1e9
                if wait_s > 0 and attempt.stopped.wait(wait_s):
                    break
            if self._accept(attempt, shot, live):
                try:
                    self._ring.push(shot.t_ns, shot.image)
                except ValueError:
                    if not self._ring.closed:
                        raise
                    self._stop.set()
                    return "the ring was closed"
        return "stopped"

    def _accept(self, attempt: _Attempt, shot: Shot, live: bool) -> bool:
        """Whether the frame goes to the ring; keeps the figures of `stats`."""
        with self._lock:
            if attempt.stopped.is_set():
                return False
            attempt.alive_ns = time.monotonic_ns()
            if self._last_ns is not None and shot.t_ns <= self._last_ns:
                self._refused += 1
                return False
            self._last_ns = shot.t_ns
            if live:
                self._liveness.update(attempt.alive_ns, shot.image)
                changed = self._liveness.age_s(attempt.alive_ns) == 0.0
                attempt.moved |= changed and attempt.frames > 0
            attempt.frames += 1
            self._frames += 1
            self._rate.update(shot.t_ns)
            if self._lost:
                self._lost = False
                self._reopened += 1
                self._notice("is back")
        return True

    def _finish(self) -> None:
        with self._lock:
            self._ended = True
        self._ring.close()

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._stop.set()
        self._ring.close()

    # The watchdog.

    def _watch(self) -> None:
        wait_s = self._retry_s
        ticked_ns = time.monotonic_ns()
        while not self._stop.wait(_TICK_S):
            attempt = self._attempt
            late_s = (time.monotonic_ns() - ticked_ns) / 1e9
            ticked_ns = time.monotonic_ns()
            if late_s > _PAUSE_S:
                self._excuse(attempt, ticked_ns)
                continue
            reason = self._trouble(attempt)
            if reason is None:
                if attempt.frames:
                    wait_s = self._retry_s
                continue
            if not self._give_up(attempt, reason):
                continue
            if self._stop.wait(wait_s):
                return
            wait_s = min(2 * wait_s, self._retry_max_s)
            fresh = _Attempt()
            with self._lock:
                self._attempt = fresh
                self._rate.restart()
            self._start(fresh)
            ticked_ns = time.monotonic_ns()

    def _excuse(self, attempt: _Attempt, now_ns: int) -> None:
        """The program itself stood still: that time proves nothing against the source."""
        with self._lock:
            attempt.alive_ns = now_ns
            self._liveness.excuse(now_ns)

    def _trouble(self, attempt: _Attempt) -> str | None:
        """What is wrong with the attempt, if anything."""
        if attempt.ended is not None:
            return attempt.ended
        now_ns = time.monotonic_ns()
        limit_s = self._stall_s if attempt.answered.is_set() else OPEN_S
        if (now_ns - attempt.alive_ns) / 1e9 > limit_s:
            return f"no picture for {limit_s} s"
        with self._lock:
            still_s = self._liveness.age_s(now_ns)
        # A still that never moved is what this source shows: opening it anew gains nothing.
        if attempt.moved and still_s > FROZEN_REOPEN_S:
            return f"the same picture for {FROZEN_REOPEN_S} s"
        return None

    def _give_up(self, attempt: _Attempt, reason: str) -> bool:
        """Marks the source lost; True when a fresh attempt may be made."""
        self._given_up = [a for a in self._given_up if a.stuck]
        with self._lock:
            self._lost = True
            self._notice(f"is lost: {reason}")
            if attempt.ended is None and len(self._given_up) >= MAX_STUCK:
                self._notice("does not answer its driver: restart needed")
                return False
            attempt.stopped.set()
        self._given_up.append(attempt)
        return True

    def _notice(self, what: str) -> None:
        """Called with the lock held; a line that is already there is not repeated."""
        line = f"{self.info.name} {what}"
        if line not in list(self._notices)[-2:]:
            self._notices.append(line)
            log.warning("%s", line)

    def _leave(self, join_s: float) -> None:
        self._stop.set()
        with self._lock:
            self._closed = True
            self._attempt.stopped.set()
        self._ring.close()
        if self._watchdog is not None:
            self._watchdog.join(JOIN_S)
        # The watchdog may have begun a last attempt while it was told to stop.
        self._attempt.stopped.set()
        for attempt in (*self._given_up, self._attempt):
            if attempt.thread is not None:
                attempt.thread.join(join_s)
