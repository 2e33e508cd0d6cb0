"""State of a source over all its openings: order of frames, counters, and the ring they go to.

It outlives every `SourceReader` (`reader_thread.py`): the readers fill it, the watchdog of
`realtime/capture/thread.py` judges by it, and the pipeline reads its counters; each in a thread of
its own.  Times are integer nanoseconds, settings and ages seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import replace

from realtime.capture.frame_rate import FrameRate
from realtime.capture.liveness import Liveness
from realtime.capture.ring_buffer import FrameRing
from realtime.capture.source import SourceInfo, TimedFrame
from realtime.capture.stats import CameraState, CaptureStats, ends_early
from realtime.capture.suspension import Suspension

log = logging.getLogger(__name__)

_CUT_S, _CUT_SHARE = 0.5, 0.02  # a file that ends this much before its stated end is cut off


class CaptureState:
    """Methods that say so are called with `lock` held.

    Args:
        ring: filled by this alone.
        stall_s: a live source is LOST after this long without a frame.
        frozen_s: it is FROZEN after this long without a changed one.
    """

    def __init__(self, ring: FrameRing, stall_s: float, frozen_s: float) -> None:
        self.ring = ring
        self.info: SourceInfo  # of the newest open source, once `opened`
        self.opened = False
        self.lock = threading.Lock()  # of the figures, and of which attempt may change them
        self.over = threading.Event()  # no more frames are needed, or none can come
        self.failure: BaseException | None = None  # the error that ended it
        self.lost = False
        self.shape: tuple[int, ...] | None = None  # (h, w, 3) of the newest frame
        self.undecodable = 0  # without those that the open source counts itself
        self._stall_s = stall_s
        self._rate = FrameRate(outage_s=stall_s)
        self._liveness = Liveness(stall_s, frozen_s)
        self._suspension = Suspension()
        self._stopped_s = 0.0  # for which the program was, since the newest frame
        self._frames = self._refused = self._reconnects = self._restarts = 0
        self._last_ns: int | None = None
        self._ended = self._closed = False
        self._cut_off_s = 0.0
        self._notices: deque[str] = deque(maxlen=8)

    def open(self, info: SourceInfo) -> None:
        """A source answered.  With the lock held."""
        self.info = info
        self.opened = True

    def count(self, shot: TimedFrame, now_ns: int, *, damaged: int = 0) -> bool:
        """Whether the frame may go to the ring; time must move forward.  With the lock held.

        Args:
            damaged: frames that came between the one before and this.
        """
        if self._last_ns is not None and shot.t_ns <= self._last_ns:
            self._refused += 1
            return False
        self._last_ns = shot.t_ns
        if self.info.live:
            self._liveness.observe(now_ns, shot.image)
        self._frames += 1
        self._rate.came_damaged(damaged)
        if shot.stamp_ns is not None:
            self._rate.add(shot.stamp_ns)
        else:
            self._rate.add(shot.t_ns, shot.waited_ns)
        if shot.restart:
            self._restarts += 1
            when = "" if self.info.live else f"at {shot.t_ns / 1e9:.2f} s: "
            self.tell(f"{when}{shot.restart}; its noise is measured again")
        if self.lost:
            self.lost = False
            self._reconnects += 1
            self.tell("is back")
        return True

    def still_s(self, now_ns: int) -> float:
        """For how long the picture has not changed while the program ran.  With the lock held."""
        return self._liveness.still_s(now_ns)

    def has_changed(self, now_ns: int) -> bool:
        """Whether the picture that came now differs from the one before.  With the lock held."""
        return self._liveness.age_s(now_ns) == 0.0

    def look(self, now_ns: int) -> bool:
        """Whether the program was stopped until now, which excuses the source.  Lock held."""
        stopped_s = self._suspension.look(now_ns)
        if stopped_s is None:
            return False
        self._stopped_s += stopped_s
        self._liveness.excuse(now_ns)
        return True

    def after_stop(self, shot: TimedFrame, now_ns: int) -> TimedFrame | None:
        """A live frame with the stop that it follows; None: it is of that time.  Lock held."""
        if self._suspension.is_stale(now_ns, shot.waited_ns, self._rate.fps):
            self._liveness.observe(now_ns, shot.image)  # not used, and a sign of life
            self._refused += 1
            return None
        stopped_s, self._stopped_s = self._stopped_s, 0.0
        if not stopped_s:
            return shot
        self._rate.restart()
        return replace(shot, restart=f"follows {stopped_s:.1f} s in which this program did not run")

    def reopen(self) -> None:
        """What comes next does not continue what came before.  With the lock held."""
        self._rate.restart()

    def lose(self, reason: str) -> None:
        """The source is lost until its next frame.  With the lock held."""
        if not self.lost:  # failures while it is lost are not reported
            self.tell(f"is lost: {reason}")
        self.lost = True

    def tell(self, what: str) -> None:
        """A notice for the user, unless it is there already.  With the lock held."""
        line = f"{self.info.name} {what}"
        if line not in list(self._notices)[-2:]:
            self._notices.append(line)
            log.warning("%s", line)

    def end(self) -> None:
        """A file has played to its end."""
        with self.lock:
            self._ended = True
            self._cut_off_s = self._lacking_s()
            if self._cut_off_s:
                self.tell(ends_early(self._cut_off_s))
        self.ring.close()

    def fail(self, error: BaseException) -> None:
        self.failure = error
        self.over.set()
        self.ring.close()

    def close(self) -> None:
        self.over.set()
        with self.lock:
            self._closed = True
        self.ring.close()

    def notices(self) -> tuple[str, ...]:
        with self.lock:
            return tuple(self._notices)

    def stats(self, alive_ns: int, undecodable: int) -> CaptureStats:
        """With the lock held.

        Args:
            alive_ns: when the present reader was last alive.
            undecodable: frames that its source skipped itself.
        """
        now_ns = time.monotonic_ns()
        live = self.info.live
        return CaptureStats(
            state=self._state(now_ns, alive_ns),
            frames=self._frames,
            missing=self._rate.missing if live else 0,
            undecodable=self.undecodable + undecodable,
            refused=self._refused,
            reconnects=self._reconnects,
            age_s=self._liveness.age_s(now_ns) if live else 0.0,
            requested_fps=self.info.requested_fps,
            reported_fps=self.info.reported_fps,
            measured_fps=self._rate.fps,
            cut_off_s=self._cut_off_s,
            restarts=self._restarts,
        )

    def _lacking_s(self) -> float:
        """How much earlier a file ends than its header states; 0 where it cannot be said."""
        stated_s = self.info.length_s
        if stated_s is None or self._last_ns is None or self._restarts:
            return 0.0
        # of a film that begins late some headers state the length, others the time of the end
        lacking_s = stated_s - self._last_ns / 1e9
        return lacking_s if lacking_s > max(_CUT_S, _CUT_SHARE * stated_s) else 0.0

    def _state(self, now_ns: int, alive_ns: int) -> CameraState:
        if self._ended:
            return CameraState.ENDED
        if self._closed or self.failure is not None:
            return CameraState.CLOSED
        if not self.info.live:
            return CameraState.LIVE if self._frames else CameraState.OPENING
        if self.lost or (now_ns - alive_ns) / 1e9 > self._stall_s:
            return CameraState.LOST
        return self._liveness.judge(now_ns)
