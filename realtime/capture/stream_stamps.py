"""The time stamps that a stream gives its pictures itself, by which missing ones are counted.

RTSP and transport streams carry the times at which the camera took its pictures: nothing on the way
and no busy machine delays them.  Motion JPEG over HTTP carries none, and FFmpeg numbers what comes
as if it had come evenly.  Pure: used by `NetworkStream`.  Times are integer nanoseconds.
"""

from __future__ import annotations

from fractions import Fraction

from realtime.capture.time_base import in_ns

_TRIAL_NS = 3_000_000_000  # of arrivals before the pace of the stamps is looked at
_FASTEST = 10  # times as fast or as slow as the arrivals: no time stamps


class StreamStamps:
    """Args:
    given: the stream has time stamps of its own.
    """

    def __init__(self, *, given: bool) -> None:
        self._given = given
        self._first: tuple[int, int] | None = None  # stamp, arrival

    def stamp(self, pts: int | None, unit_s: Fraction | None, arrived_ns: int) -> int | None:
        """Of a picture, on the stream's own clock; None where the stream gives none to trust.

        Args:
            pts: as the container has it, in `unit_s`.
        """
        if not self._given or pts is None or unit_s is None:
            return None
        stamp_ns = in_ns(pts, unit_s)
        if self._first is None:
            self._first = (stamp_ns, arrived_ns)
        passed_ns, waited_ns = stamp_ns - self._first[0], arrived_ns - self._first[1]
        if waited_ns > _TRIAL_NS:
            self._given = waited_ns < passed_ns * _FASTEST < waited_ns * _FASTEST**2
        return stamp_ns if self._given else None
