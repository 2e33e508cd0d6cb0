"""The rate of a source from the times of its frames, and what is missing by that rate.

Pure: used by the capture thread, which alone updates it.  Times in integer nanoseconds.

A gap is measured in intervals, the median of the last two seconds.  A network delivers in
bursts: one frame late and the next ones early is no loss, so frames that come early within half
a second are set off against it.
"""

from __future__ import annotations

import statistics
from collections import deque
from itertools import pairwise

WINDOW_NS = 2_000_000_000
PAY_BACK_NS = 500_000_000
GAP_INTERVALS = 1.5  # a longer gap is a lost frame; jitter stays below
EARLY_INTERVALS = 0.75  # a shorter one is a frame that had been held up; jitter stays above
_ENOUGH = 10  # frames before a median means anything; fewer misjudge bursts
_BURST_MEDIAN = 0.4  # of the mean interval: a median below it is that of frames in bursts
LOCAL_NS = 1_000_000_000  # what "now" means of a rate: longer than any single gap
_FEW = 3  # intervals before a local rate is reported


class FrameRate:
    """Measured rate over the last two seconds, and frames that should have come in between.

    Args:
        outage_s: a longer gap is an outage, which is shown as such and not as lost frames.
    """

    def __init__(self, outage_s: float) -> None:
        self._outage_ns = round(outage_s * 1e9)
        self._times: deque[int] = deque()
        self._late: deque[tuple[int, float]] = deque()  # when, and by how many intervals
        self._settled = 0  # missing frames that can no longer turn out to have been late

    @property
    def missing(self) -> int:
        return self._settled + sum(_frames(late) for _, late in self._late)

    @property
    def fps(self) -> float:
        """Over the last two seconds of frames; 0 before the second frame."""
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) * 1e9 / (self._times[-1] - self._times[0])

    def add(self, t_ns: int) -> None:
        """Count one delivered frame; times are strictly increasing."""
        if self._times:
            gap_ns = t_ns - self._times[-1]
            if gap_ns >= self._outage_ns:
                self.restart()
            elif len(self._times) > _ENOUGH:
                self._judge(t_ns, gap_ns / self._interval_ns(t_ns))
        self._times.append(t_ns)
        while t_ns - self._times[0] > WINDOW_NS:
            self._times.popleft()

    def restart(self) -> None:
        """Forget the past times: what comes next does not continue them."""
        self._times.clear()
        self._settled = self.missing
        self._late.clear()

    def _judge(self, t_ns: int, intervals: float) -> None:
        while self._late and t_ns - self._late[0][0] > PAY_BACK_NS:
            self._settled += _frames(self._late.popleft()[1])
        if intervals > GAP_INTERVALS:
            self._late.append((t_ns, intervals - 1))
        elif intervals < EARLY_INTERVALS:
            early = 1 - intervals
            for i, (when_ns, late) in enumerate(self._late):
                paid = min(late, early)
                self._late[i] = (when_ns, late - paid)
                early -= paid

    def _interval_ns(self, now_ns: int) -> float:
        mean = (now_ns - self._times[0]) / len(self._times)
        middle = statistics.median(b - a for a, b in pairwise(self._times))
        # Frames that always come in bursts have a median near zero; their mean is the rate.
        return middle if middle >= _BURST_MEDIAN * mean else mean


class LocalRate:
    """Frames a second over the last second: a film may be dark and slow, then light and fast.

    One frame that is missing leaves it as it is.
    """

    def __init__(self) -> None:
        self._times: deque[int] = deque()

    def add(self, t_ns: int) -> float:
        """Count one frame; times are strictly increasing.  0 until there is a rate."""
        self._times.append(t_ns)
        while t_ns - self._times[0] > LOCAL_NS and len(self._times) > _FEW + 1:
            self._times.popleft()
        if len(self._times) <= _FEW:
            return 0.0
        mean = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        middle = statistics.median(b - a for a, b in pairwise(self._times))
        return 1e9 / (middle if middle >= _BURST_MEDIAN * mean else mean)


def _frames(intervals: float) -> int:
    return int(intervals + 0.5)
