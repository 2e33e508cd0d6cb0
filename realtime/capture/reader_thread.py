"""One opening of a source, and the thread that reads it until it is lost or no longer wanted.

Started by `realtime/capture/thread.py`, which abandons a reader that is stuck and starts
another: a driver that never returns then blocks one thread and nothing else.  Frames go to the
`CaptureState` that all attempts share.  Times are integer nanoseconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from realtime.capture.source import Source, TimedFrame, size_change
from realtime.capture.state import CaptureState
from realtime.errors import SourceError


class SourceReader:
    """Its public fields are for the watchdog; `alive_ns` changes under the lock of `CaptureState`.

    Args:
        open_source: called in the attempt's own thread, with `open_s`.
        open_s: how long it may take.
        realtime: hand out a file's frames by their time stamps.
    """

    def __init__(
        self,
        open_source: Callable[[float], Source],
        intake: CaptureState,
        open_s: float,
        *,
        realtime: bool,
    ) -> None:
        self.open_s = open_s
        self.answered = threading.Event()  # opened, or failed to
        self.stopped = threading.Event()  # its frames are not used any more
        self.ended: str | None = None  # why the thread came to its end
        self.error: BaseException | None = None  # what opening raised
        self.begun_ns = time.monotonic_ns()
        self.alive_ns = self.begun_ns  # last sign of life
        self.frames = 0
        self.moved = False  # two different pictures were seen
        self._open_source = open_source
        self._intake = intake
        self._realtime = realtime
        self._source: Source | None = None
        self._damaged = 0  # frames, when last looked at
        self._passed_over = 0  # of them, before the newest picture
        # A driver that never returns must not keep the program from ending: hence daemon.
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    @property
    def stuck(self) -> bool:
        return self._thread.is_alive()

    @property
    def undecodable(self) -> int:
        """Frames that the open source skipped itself.  With the state's lock held."""
        return 0 if self._source is None else self._source.undecodable

    def sends_damaged(self) -> bool:
        """Whether damaged frames came since the last call.  With the state's lock held."""
        before, self._damaged = self._damaged, self.undecodable
        return self._damaged > before

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            source = self._open_source(self.open_s)
        except BaseException as error:
            self.error = error
            self.ended = str(error)
            # the first opening's error is raised by `CaptureThread.__enter__`
            if self._intake.opened and not isinstance(error, SourceError):
                self._intake.fail(error)
            self.answered.set()
            return
        with source:
            with self._intake.lock:
                if not self.stopped.is_set():
                    self._intake.open(source.info)
                    self._source = source
                    self.alive_ns = time.monotonic_ns()
            self.answered.set()
            reason = self._read(source)
            with self._intake.lock:
                if self._source is not None:
                    self._source = None
                    self._intake.undecodable += source.undecodable
        self.ended = reason

    def _read(self, source: Source) -> str:
        try:
            return self._deliver(source)
        except SourceError as error:
            if not source.info.live:
                self._intake.fail(error)
            return str(error)
        except BaseException as error:
            self._intake.fail(error)
            return "failed"

    def _deliver(self, source: Source) -> str:
        """Moves frames from the source to the ring; returns why no more come."""
        live = source.info.live
        start_ns = time.monotonic_ns()
        first_ns: int | None = None
        while not self.stopped.is_set():
            shot = source.read()
            if self.stopped.is_set():
                break
            if shot is None:
                if not live:
                    self._intake.end()
                return "the source gives no more pictures"
            if shot.image.shape[2:] != (3,):
                with self._intake.lock:
                    self._intake.undecodable += 1
                continue
            before, self._intake.shape = self._intake.shape, shot.image.shape
            if before not in (None, shot.image.shape) and not shot.restart:
                shot = replace(shot, restart=size_change(before, shot.image.shape))
            if not live and self._realtime:
                first_ns = shot.t_ns if first_ns is None else first_ns
                wait_s = (start_ns + shot.t_ns - first_ns - time.monotonic_ns()) / 1e9
                if wait_s > 0 and self.stopped.wait(wait_s):
                    break
            accepted = self._accept(shot)
            if accepted is not None:
                try:
                    restart = bool(accepted.restart)
                    self._intake.ring.push(accepted.t_ns, accepted.image, restart=restart)
                except ValueError:
                    if self.stopped.is_set():  # another reader was faster
                        break
                    if not self._intake.ring.closed:
                        raise
                    self._intake.over.set()
                    return "the ring was closed"
        return "stopped"

    def _accept(self, shot: TimedFrame) -> TimedFrame | None:
        """The frame as it goes to the ring; None: it does not."""
        with self._intake.lock:
            if self.stopped.is_set():
                return None
            self.alive_ns = time.monotonic_ns()
            if self._intake.info.live:
                self._intake.look(self.alive_ns)
                continued = self._intake.after_stop(shot, self.alive_ns)
                if continued is None:
                    return None
                shot = continued
            came, self._passed_over = self.undecodable - self._passed_over, self.undecodable
            if not self._intake.count(shot, self.alive_ns, damaged=came):
                return None
            changed = self._intake.has_changed(self.alive_ns)
            self.moved |= changed and self.frames > 0
            self.frames += 1
        return shot
