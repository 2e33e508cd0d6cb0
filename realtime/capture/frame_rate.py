"""The rate of a source from the times of its frames, and what is missing by that rate.

Pure: used by the capture thread, which alone updates it.  Times in integer nanoseconds.

A frame may be late: a network delivers in bursts, and this program may have been busy.  Lateness
passes, while a frame that was lost delays all after it.  So each frame's delay against a steady
schedule is followed, and the smallest delay of the last half second tells what does not pass: when
it has grown by an interval, a frame is missing; when it shrinks again, none was.

Times of arrival say this only of a reader that waits for its frames.  One that has more to read
whenever it asks is late itself, by no schedule of the source: what it is late by is not judged.
A source's own time stamps are not delayed by anyone.
"""

from __future__ import annotations

import statistics
from collections import deque
from itertools import pairwise

WINDOW_NS = 2_000_000_000
LATE_NS = 500_000_000  # what stays late for as long is lost
_ENOUGH = 10  # frames before a median means anything; fewer misjudge bursts
_BURST_MEDIAN = 0.4  # of the mean interval: a median below it is that of frames in bursts
_CLUSTER = 1.75  # gaps up to this much of the short ones are gaps of one interval
_EVEN = 0.3  # intervals off a whole number of them
_REGULAR, _MOST = 0.85, 0.6  # shares of the gaps
_LONG_NS = 20_000_000_000  # of irregular frames: the mean of as long
_DRIFT_PER_S = 0.3  # intervals: error of the measured rate that is no loss
_NEW_RATE = 1.25  # the interval has changed by as much: a camera took another exposure
_WAITING = 0.2  # share of the time: a reader that waits for less cannot keep up
_AWAITED = 0.5  # share of the frames
_NO_WAIT_NS = 1_000_000  # reading what is there already takes up to as long
LOCAL_NS = 1_000_000_000  # what "now" means of a rate: longer than any single gap
_OUTAGE = 10  # usual gaps, and longer than what "now" means
_FEW = 3  # intervals before a local rate is reported


class FrameRate:
    """Measured rate over the last two seconds, and frames that should have come in between.

    Args:
        outage_s: a longer gap is an outage, which is shown as such and not as lost frames.
    """

    def __init__(self, outage_s: float) -> None:
        self._outage_ns = round(outage_s * 1e9)
        self._times: deque[int] = deque()
        self._delay = 0.0  # of the newest frame against the schedule, intervals
        self._delays: deque[tuple[int, float]] = deque()  # of the last `LATE_NS`
        self._base = 0.0  # the smallest of them, when last looked at
        self._owed = 0.0  # how far it has grown, intervals: about a whole number
        self._grown: deque[tuple[int, float]] = deque()  # when in the last two seconds, and by what
        self._interval: float | None = None
        self._long: deque[int] = deque()  # times of frames that come irregularly
        self._settled = 0  # missing frames of earlier stretches
        self._waits: deque[tuple[int, int]] = deque()  # of the last `LATE_NS`: time, waited
        self._judged: deque[int] = deque()  # times since the reader last kept up

    @property
    def missing(self) -> int:
        return self._settled + max(0, round(self._owed))

    @property
    def fps(self) -> float:
        """Over the last two seconds of frames; 0 before the second frame."""
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) * 1e9 / (self._times[-1] - self._times[0])

    def add(self, t_ns: int, waited_ns: int | None = None) -> None:
        """Count one delivered frame.  A time that is not later than the last begins a new clock.

        Args:
            t_ns: when it was taken by the source's time stamp, or came.
            waited_ns: how long the reader waited for it; None: the time says nothing of the reader.
        """
        if self._times and not 0 < t_ns - self._times[-1] < self._outage_ns:
            self.restart()
        if self._is_behind(t_ns, waited_ns):
            self._leave_out()
        elif len(self._judged) > _ENOUGH:
            self._judge(t_ns, t_ns - self._judged[-1])
        for times in (self._times, self._judged):
            times.append(t_ns)
            while t_ns - times[0] > WINDOW_NS:
                times.popleft()

    def came_damaged(self, count: int) -> None:
        """So many frames came and were not delivered: they will seem to be missing."""
        self._owed -= count

    def restart(self) -> None:
        """Forget the past times: what comes next does not continue them."""
        self._times.clear()
        self._waits.clear()
        self._settle()

    def _is_behind(self, t_ns: int, waited_ns: int | None) -> bool:
        """Whether the reader has hardly waited in the last half second, or for few of its frames.

        A busy machine makes some waits long that had ended: those of few frames prove nothing.
        """
        if waited_ns is None:
            return False
        self._waits.append((t_ns, waited_ns if waited_ns > _NO_WAIT_NS else 0))
        while t_ns - self._waits[0][0] > LATE_NS:
            self._waits.popleft()
        if not self._times:
            return False
        span_ns = min(LATE_NS, t_ns - self._times[0])
        waits = [waited for _, waited in self._waits if waited]
        return sum(waits) < _WAITING * span_ns or len(waits) < _AWAITED * len(self._waits)

    def _leave_out(self) -> None:
        """What has lately seemed to be missing was this reader's lateness."""
        self._owed -= sum(by for _, by in self._grown)
        self._settle()

    def _settle(self) -> None:
        self._settled = self.missing
        self._owed = min(0.0, self._owed)
        self._judged.clear()
        self._begin_schedule()

    def _begin_schedule(self) -> None:
        self._delay = self._base = 0.0
        self._delays.clear()
        self._grown.clear()
        self._interval = None
        self._long.clear()

    def _judge(self, t_ns: int, gap_ns: int) -> None:
        interval_ns = self._interval_ns(t_ns)
        if self._interval is None:
            self._interval = interval_ns
        elif not 1 / _NEW_RATE < interval_ns / self._interval < _NEW_RATE:
            # what looked like losses meanwhile was the new rate
            self._owed -= sum(by for _, by in self._grown)
            self._begin_schedule()
            return
        self._interval += 0.05 * (interval_ns - self._interval)
        self._delay += gap_ns / self._interval - 1
        self._delays.append((t_ns, self._delay))
        while t_ns - self._delays[0][0] > LATE_NS:
            self._delays.popleft()
        least = min(delay for _, delay in self._delays)
        grown, self._base = least - self._base, least
        if grown:
            self._grown.append((t_ns, grown))
        while self._grown and t_ns - self._grown[0][0] > WINDOW_NS:
            self._grown.popleft()
        self._owed = self._without_drift(self._owed + grown, gap_ns / 1e9)

    def _without_drift(self, owed: float, seconds: float) -> float:
        """A step nearer to the whole number."""
        whole = max(0, round(owed))
        step = _DRIFT_PER_S * seconds
        return whole if abs(owed - whole) <= step else owed + (step if owed < whole else -step)

    def _interval_ns(self, now_ns: int) -> float:
        """The usual gap, where there is one; else the mean, which jitter does not bias."""
        gaps = sorted(b - a for a, b in pairwise(self._judged))
        low = gaps[len(gaps) // 10]
        usual = statistics.median(gap for gap in gaps if gap <= _CLUSTER * low)
        even = sum(round(gap / usual) > 0 and _is_whole(gap / usual) for gap in gaps)
        mean = (now_ns - self._judged[0]) / len(self._judged)
        if even >= _REGULAR * len(gaps) and usual >= _BURST_MEDIAN * mean:  # also with losses
            return usual
        middle = statistics.median(gaps)
        near = sum(abs(gap / middle - 1) < _EVEN for gap in gaps)
        if (
            near >= _MOST * len(gaps) and middle >= _BURST_MEDIAN * mean
        ):  # but for a few that were held up, and their bursts
            return middle
        self._long.append(now_ns)
        while now_ns - self._long[0] > _LONG_NS:
            self._long.popleft()
        times = self._long if len(self._long) > len(gaps) else self._judged
        return (times[-1] - times[0]) / (len(times) - 1)


def _is_whole(intervals: float) -> bool:
    return abs(intervals - round(intervals)) < _EVEN


class LocalRate:
    """Frames a second over the last second: a film may be dark and slow, then light and fast.

    One frame that is missing leaves it as it is, and an outage says nothing of the rate after it.
    """

    def __init__(self) -> None:
        self._times: deque[int] = deque()

    def add(self, t_ns: int) -> float:
        """Count one frame; times are strictly increasing.  0 until there is a rate."""
        if self._is_outage(t_ns):
            self._times.clear()
        self._times.append(t_ns)
        while t_ns - self._times[0] > LOCAL_NS and len(self._times) > _FEW + 1:
            self._times.popleft()
        if len(self._times) <= _FEW:
            return 0.0
        mean = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        middle = statistics.median(b - a for a, b in pairwise(self._times))
        return 1e9 / (middle if middle >= _BURST_MEDIAN * mean else mean)

    def _is_outage(self, t_ns: int) -> bool:
        """Whether nothing came before this frame, for many times the usual gap."""
        if len(self._times) < 2:
            return False
        gap_ns = t_ns - self._times[-1]
        usual_ns = statistics.median(b - a for a, b in pairwise(self._times))
        return gap_ns > max(LOCAL_NS, _OUTAGE * usual_ns)
