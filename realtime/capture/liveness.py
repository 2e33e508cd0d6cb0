"""Whether a live source is alive, judged by the age of its newest *changed* picture.

Drivers block, or hand out the last picture again and call it success, so neither a returned
read nor a running thread proves anything; a changed picture does.  Pure: used by the capture
thread's watchdog.  Times are monotonic nanoseconds.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from realtime.capture.stats import CameraState

_ROW_STEP = 8  # every eighth row: no sensor's noise leaves all of them as they were


class Liveness:
    """LIVE, FROZEN or LOST.

    Args:
        stall_s: without a frame for this long the source is LOST.
        frozen_s: with frames but without a changed one for this long it is FROZEN.
    """

    def __init__(self, stall_s: float, frozen_s: float) -> None:
        self._stall_ns = round(stall_s * 1e9)
        self._frozen_ns = round(frozen_s * 1e9)
        self._arrived_ns: int | None = None
        self._changed_ns: int | None = None
        self._checksum: int | None = None
        self._excused_ns = 0

    def observe(self, now_ns: int, image: NDArray[np.uint8]) -> None:
        """A picture arrived now."""
        checksum = zlib.crc32(image[::_ROW_STEP].tobytes())
        if checksum != self._checksum:
            self._checksum = checksum
            self._changed_ns = now_ns
        self._arrived_ns = now_ns

    def excuse(self, now_ns: int) -> None:
        """The program was stopped until now: that time is not the source's fault."""
        self._excused_ns = now_ns

    def judge(self, now_ns: int) -> CameraState:
        """OPENING before the first picture."""
        if self._arrived_ns is None or self._changed_ns is None:
            return CameraState.OPENING
        if now_ns - max(self._arrived_ns, self._excused_ns) >= self._stall_ns:
            return CameraState.LOST
        if now_ns - max(self._changed_ns, self._excused_ns) >= self._frozen_ns:
            return CameraState.FROZEN
        return CameraState.LIVE

    def still_s(self, now_ns: int) -> float:
        """Age of the newest changed picture without the time in which the program was stopped."""
        if self._changed_ns is None:
            return float("inf")
        return (now_ns - max(self._changed_ns, self._excused_ns)) / 1e9

    def age_s(self, now_ns: int) -> float:
        """Of the newest changed picture; infinite before the first."""
        return float("inf") if self._changed_ns is None else (now_ns - self._changed_ns) / 1e9
