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
        open_source: called in the attempt's own thread.
        realtime: hand out a file's frames by their time stamps.
    """

    def __init__(
        self, open_source: Callable[[], Source], intake: CaptureState, *, realtime: bool
    ) -> None:
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
        # A driver that never returns must not keep the program from ending: hence daemon.
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    @property
    def stuck(self) -> bool:
        return self._thread.is_alive()

    @property
    def undecodable(self) -> int:
        """Frames that the open source skipped itself.  With the state's lock held."""
        return 0 if self._source is None else self._source.undecodable

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            source = self._open_source()
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
        size: tuple[int, ...] = (source.info.height, source.info.width, 3)
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
            if shot.image.shape != size:
                if live or shot.image.shape[2:] != (3,):
                    with self._intake.lock:
                        self._intake.undecodable += 1
                    if live:
                        return "the picture changed its size"
                    continue
                if not shot.restart:
                    shot = replace(shot, restart=size_change(size, shot.image.shape))
                size = shot.image.shape
            if not live and self._realtime:
                first_ns = shot.t_ns if first_ns is None else first_ns
                wait_s = (start_ns + shot.t_ns - first_ns - time.monotonic_ns()) / 1e9
                if wait_s > 0 and self.stopped.wait(wait_s):
                    break
            if self._accept(shot):
                try:
                    self._intake.ring.push(shot.t_ns, shot.image, restart=bool(shot.restart))
                except ValueError:
                    if self.stopped.is_set():  # another reader was faster
                        break
                    if not self._intake.ring.closed:
                        raise
                    self._intake.over.set()
                    return "the ring was closed"
        return "stopped"

    def _accept(self, shot: TimedFrame) -> bool:
        """Whether the frame goes to the ring."""
        with self._intake.lock:
            if self.stopped.is_set():
                return False
            self.alive_ns = time.monotonic_ns()
            if not self._intake.count(shot, self.alive_ns):
                return False
            changed = self._intake.still_s(self.alive_ns) == 0.0
            self.moved |= changed and self.frames > 0
            self.frames += 1
        return True
