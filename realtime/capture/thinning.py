"""Which frames are analysed when a machine cannot analyse all: every n-th, evenly.

A block of dropped frames longer than the spotter's gap makes it learn the face at rest again; the
same loss spread evenly costs it little.  So the loop asks here for each frame, and tells how far
it is behind.  Pure: no clock.  Used by the pipeline.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median

MAX_LAG_S = 0.3  # behind by more, fewer frames are analysed
_EASY_LAG_S = 0.1  # behind by less, the machine keeps up
_SETTLE_S = 0.5  # after a change, before lag is judged again
_EASY_S = 5.0  # without lag before more frames are analysed
_MOST_EASY_S = 80.0  # the same after trials that failed, each of which doubles it
_TRIAL_S = 10.0  # lag within it after a trial means that it failed
_BUSY = 0.9  # share of the time that analysis may take: capture and recording need theirs
_MAX_STEP_S = 0.2  # between analysed frames: a longer gap ends what the spotter has learned
_COSTS = 30  # frames over which the cost of one is measured


class Thinning:
    """Chooses the frames of one run.

    Args:
        every: analyse no more than every n-th frame, 1 or more.
    """

    def __init__(self, every: int = 1) -> None:
        self.skipped = 0  # frames passed over because of `every` alone
        self.dropped = 0  # and those passed over because the machine is too slow
        self.step = every  # every how many frames one is analysed now
        self._every = every
        self._last_seq: int | None = None
        self._costs_s: deque[float] = deque(maxlen=_COSTS)
        self._changed_s = self._tried_s = -math.inf
        self._easy_since_s: float | None = None
        self._easy_s = _EASY_S

    @property
    def too_slow(self) -> bool:
        """Fewer frames are analysed than was requested."""
        return self.step > self._every

    def wants(self, seq: int) -> bool:
        """Whether to analyse the frame of this number; numbers increase."""
        if self._last_seq is not None and seq - self._last_seq < self.step:
            if seq - self._last_seq < self._every:
                self.skipped += 1
            else:
                self.dropped += 1
            return False
        self._last_seq = seq
        return True

    def note(self, now_s: float, *, lag_s: float, cost_s: float, fps: float) -> None:
        """Tell of one analysed frame: `step` may change.

        Args:
            now_s: time of the frame.
            lag_s: how far it lies behind the newest one.
            cost_s: how long its analysis took.
            fps: of the source, 0 where it is not known yet.
        """
        self._costs_s.append(cost_s)
        if lag_s > _EASY_LAG_S:
            self._easy_since_s = None
        elif self._easy_since_s is None:
            self._easy_since_s = now_s
        if fps <= 0:
            return
        most = max(self._every, int(_MAX_STEP_S * fps))
        self.step = min(self.step, most)  # of a camera that has become slower
        if now_s - self._changed_s < _SETTLE_S:
            return
        before = self.step
        load = median(self._costs_s) * fps / _BUSY  # at every frame
        if lag_s > MAX_LAG_S:
            if now_s - self._tried_s < _TRIAL_S:
                self._easy_s = min(2 * self._easy_s, _MOST_EASY_S)
            self.step = min(max(self.step + 1, math.ceil(load)), most)
        elif self.too_slow and self._is_easy(now_s) and load < self.step - 1:
            # halved: from one moment's overload a fast camera would need minutes in single steps
            self.step = max(math.ceil(self.step / 2), math.ceil(load), self._every)
            self._tried_s = now_s
        if self.step != before:
            self._changed_s, self._easy_since_s = now_s, None

    def _is_easy(self, now_s: float) -> bool:
        return self._easy_since_s is not None and now_s - self._easy_since_s >= self._easy_s
