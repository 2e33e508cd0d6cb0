"""Strictly increasing times for the frames of a film, from time stamps as films have them.

Time stamps restart where two recordings were joined, jump back or ahead when a clock was set, or
repeat for some frames.  A frame's time is its time stamp, less the zero of the film, as long
as the stamps go on; where they do not, the clock is anchored again: the frame follows one frame
interval after the one before it, and what came before is not continued by it.  A gap of less
than `MAX_GAP_NS` is a pause in the film.

Pure: used by `VideoFile`.  Times are integer nanoseconds.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

MAX_GAP_NS = 60_000_000_000  # a longer one is a clock that was set
MAX_DISORDER_NS = 1_000_000_000  # a longer jump back is a restart, without waiting for more frames
MAX_EQUAL = 8  # frames with one time stamp that are spread up to the next
MAX_BACKWARD = 2  # frames with stamps below the one before, taken for jitter
_INTERVALS = 31  # their median is the frame interval

Picture = TypeVar("Picture")


@dataclass(frozen=True, slots=True)
class PlacedFrame(Generic[Picture]):
    frame: Picture
    t_ns: int
    restart: str = ""  # why it does not continue the frame before; empty: it does
    offset_ns: int = 0  # what was added to its time stamp


class MediaClock(Generic[Picture]):
    """Args:
    offset_ns: added to the time stamps.
    scale: true seconds in a second of the stamps; less than 1 for a film stored in slow motion.
    interval_ns: of the frames by the container's word, until it is measured.
    """

    def __init__(self, offset_ns: int, scale: Fraction, interval_ns: int) -> None:
        self.offset_ns = offset_ns
        self._scale = scale
        self._default_ns = interval_ns
        self._steps: deque[int] = deque(maxlen=_INTERVALS)
        self._held: list[tuple[Picture, int]] = []  # stamps that do not go on
        self._last_raw_ns: int | None = None
        self._last_ns = 0
        self._still = False  # the stamps have stood still for longer than is spread

    def place(self, frame: Picture, raw_ns: int) -> list[PlacedFrame[Picture]]:
        """Take the next frame; returns those whose times are known now, in order."""
        last = self._last_raw_ns
        if last is None:
            return [self._go_on(frame, raw_ns)]
        if raw_ns > last:
            if raw_ns - last <= MAX_GAP_NS:
                self._still = False
                return [*self._spread(raw_ns), self._go_on(frame, raw_ns)]
            ahead = _seconds(raw_ns - last)
            return [*self._settle(), self._anchor(frame, raw_ns, f"jump ahead by {ahead} s")]
        if last - raw_ns > MAX_DISORDER_NS:
            back = _seconds(last - raw_ns)
            return [*self._settle(), self._anchor(frame, raw_ns, f"jump back by {back} s")]
        if self._still and raw_ns == last:
            return [self._step(frame)]
        self._held.append((frame, raw_ns))
        equal = all(held == last for _, held in self._held)
        return self._settle() if len(self._held) > (MAX_EQUAL if equal else MAX_BACKWARD) else []

    def time_of(self, raw_ns: int) -> int:
        """The time of a stamp that goes on from the last."""
        scaled = (raw_ns + self.offset_ns) * self._scale.numerator
        return scaled // self._scale.denominator

    def raw_of(self, t_ns: int) -> int:
        """The stamp of such a time."""
        return _divided(t_ns, self._scale) - self.offset_ns

    def flush(self) -> list[PlacedFrame[Picture]]:
        """The frames that are held: the film has ended."""
        return self._settle()

    @property
    def _interval_ns(self) -> int:
        return round(statistics.median(self._steps)) if self._steps else self._default_ns

    def _spread(self, next_raw_ns: int) -> list[PlacedFrame[Picture]]:
        """The held frames, evenly between the last stamp that went on and the next that does."""
        held, self._held = self._held, []
        start_ns = self._last_ns
        room_ns = min(self.time_of(next_raw_ns) - start_ns, self._interval_ns * (len(held) + 1))
        placed = []
        for number, (frame, _) in enumerate(held, start=1):
            self._last_ns = start_ns + max(number, room_ns * number // (len(held) + 1))
            placed.append(self._placed(frame))
        return placed

    def _settle(self) -> list[PlacedFrame[Picture]]:
        """The held frames, on a clock anchored again at the first of them."""
        held, self._held = self._held, []
        placed: list[PlacedFrame[Picture]] = []
        for frame, raw_ns in held:
            if placed and self._last_raw_ns is not None and raw_ns > self._last_raw_ns:
                placed.append(self._go_on(frame, raw_ns))
            elif raw_ns == self._last_raw_ns:
                self._still = len(held) > MAX_EQUAL
                placed.append(self._step(frame))
            else:
                back = _seconds((self._last_raw_ns or 0) - raw_ns)
                placed.append(self._anchor(frame, raw_ns, f"jump back by {back} s"))
        return placed

    def _go_on(self, frame: Picture, raw_ns: int) -> PlacedFrame[Picture]:
        first = self._last_raw_ns is None
        t_ns = self.time_of(raw_ns)
        if not first:
            t_ns = max(t_ns, self._last_ns + 1)
            self._steps.append(t_ns - self._last_ns)
        self._last_raw_ns, self._last_ns = raw_ns, t_ns
        return self._placed(frame)

    def _anchor(self, frame: Picture, raw_ns: int, what: str) -> PlacedFrame[Picture]:
        t_ns = self._last_ns + self._interval_ns
        self.offset_ns = _divided(t_ns, self._scale) - raw_ns
        self._last_raw_ns, self._last_ns, self._still = raw_ns, t_ns, False
        return self._placed(frame, f"time stamps {what}")

    def _step(self, frame: Picture) -> PlacedFrame[Picture]:
        """One frame interval on, whatever the stamp says; the stamps after it follow from there."""
        t_ns = self._last_ns + self._interval_ns
        assert self._last_raw_ns is not None
        self.offset_ns = _divided(t_ns, self._scale) - self._last_raw_ns
        self._last_ns = t_ns
        return self._placed(frame)

    def _placed(self, frame: Picture, restart: str = "") -> PlacedFrame[Picture]:
        return PlacedFrame(frame, self._last_ns, restart, self.offset_ns)


def _divided(t_ns: int, scale: Fraction) -> int:
    return t_ns * scale.denominator // scale.numerator


def _seconds(t_ns: int) -> str:
    return f"{t_ns / 1e9:.3g}" if t_ns < 60_000_000_000 else f"{t_ns / 1e9:.0f}"
