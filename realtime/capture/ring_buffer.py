"""The most recent camera frames: one writer, any number of readers, no copies.

Frames are shared read-only references, so both sides hold the lock for microseconds.
A live ring drops the oldest frame when it is full; a reader that was too slow counts how many it
missed.  A lossless ring (files analysed with `--pace fast`) makes the writer wait
instead, so every reader sees every frame.

Times are integer nanoseconds: the monotonic clock for live sources, the file's own
time stamps for files.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    seq: int  # frame number of the source, from 0
    t_ns: int  # capture time
    image: NDArray[np.uint8]  # (h, w, 3) BGR, read-only
    restart: bool = False  # it does not continue the frame before: another clock or picture size


@dataclass(frozen=True, slots=True)
class FrameWindow:
    """Frames of one span of time, oldest first."""

    frames: tuple[Frame, ...]
    complete: bool  # False if part of the span was dropped, or has not happened yet


class RingReader:
    """One consumer's place in the ring.  Not shared between threads.

    In a lossless ring an open reader holds the writer back, so close it when done
    (`with ring.reader() as reader`).
    """

    def __init__(self, ring: FrameRing, next_seq: int) -> None:
        self._ring = ring
        self.next_seq = next_seq
        self.missed = 0  # frames dropped before this reader read them

    def __enter__(self) -> RingReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next(self, timeout_s: float) -> Frame | None:
        """The next frame in order; None if none came in time or the source has ended."""
        return self._ring._next(self, timeout_s)

    def skip_to_newest(self) -> None:
        """Skip the backlog, counting it as missed (live sources only)."""
        self._ring._skip(self)

    @property
    def backlog(self) -> int:
        """Frames that have arrived and not been read."""
        return max(0, self._ring.total - self.next_seq)

    @property
    def ended(self) -> bool:
        """True when the source has ended and every frame has been read."""
        return self._ring.closed and self.backlog == 0

    def close(self) -> None:
        """May be called twice."""
        self._ring._forget(self)


class FrameRing:
    """Ring of the newest frames.

    Args:
        capacity: frames held at most, at least 2.
        keep_s: frames older than this before the newest go.  None: no limit of age.
        max_bytes: bytes of all images held.  None: no limit.
        lossless: `push` waits while the slowest reader is `ahead` frames behind.
        ahead: how far a lossless writer may run ahead.

    Raises:
        ValueError: on a capacity below 2.
    """

    def __init__(
        self,
        capacity: int,
        *,
        keep_s: float | None = None,
        max_bytes: int | None = None,
        lossless: bool = False,
        ahead: int = 16,
    ) -> None:
        if capacity < 2:
            raise ValueError(f"capacity must be at least 2, got {capacity}")
        self.capacity = capacity
        self.lossless = lossless
        self._keep_ns = None if keep_s is None else round(keep_s * 1e9)
        self._max_bytes = max_bytes
        self._ahead = min(ahead, capacity)
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._readers: list[RingReader] = []
        self._changed = threading.Condition()
        self.total = 0  # frames pushed since the start; the sequence number of the next one
        self.closed = False

    def __len__(self) -> int:
        return len(self._frames)

    def room(self, fps: float) -> int:
        """About how many frames it holds when full, at a rate of `fps`."""
        by_age = self.capacity if self._keep_ns is None else round(self._keep_ns / 1e9 * fps)
        return max(len(self._frames), min(self.capacity, by_age))

    @property
    def newest(self) -> Frame | None:
        with self._changed:
            return self._frames[-1] if self._frames else None

    def push(self, t_ns: int, image: NDArray[np.uint8], *, restart: bool = False) -> Frame:
        """Store one frame.  The caller must not reuse the image's memory.

        Args:
            restart: it does not continue the frame before.

        Raises:
            ValueError: if time does not move forward, or the ring is closed.
        """
        image.flags.writeable = False
        with self._changed:
            if self._frames and t_ns <= self._frames[-1].t_ns:
                raise ValueError(f"frame {self.total}: time went backwards")
            while self.lossless and not self.closed and self._slowest_is_behind():
                self._changed.wait()
            if self.closed:
                raise ValueError("the ring is closed")
            frame = Frame(self.total, t_ns, image, restart)
            self._frames.append(frame)
            self._bytes += image.nbytes
            self.total += 1
            while len(self._frames) > 2 and self._is_over():
                self._bytes -= self._frames.popleft().image.nbytes
            self._changed.notify_all()
        return frame

    def close(self) -> None:
        """No more frames will come; readers drain what is left.  May be called twice."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def reader(self, start_ns: int | None = None) -> RingReader:
        """A new reader at the first held frame with `t_ns >= start_ns`; None: at the next frame."""
        with self._changed:
            first = self.total
            if start_ns is not None:
                first = next((f.seq for f in self._frames if f.t_ns >= start_ns), first)
            reader = RingReader(self, first)
            self._readers.append(reader)
            return reader

    def between(self, start_ns: int, end_ns: int) -> FrameWindow:
        """Every held frame with `start_ns <= t_ns <= end_ns`."""
        with self._changed:
            held = tuple(self._frames)
        picked = tuple(f for f in held if start_ns <= f.t_ns <= end_ns)
        complete = bool(held) and held[0].t_ns <= start_ns and held[-1].t_ns >= end_ns
        return FrameWindow(picked, complete)

    def _is_over(self) -> bool:
        if len(self._frames) > self.capacity:
            return True
        if self._max_bytes is not None and self._bytes > self._max_bytes:
            return True
        if self._keep_ns is None or self._frames[-1].t_ns - self._frames[0].t_ns <= self._keep_ns:
            return False
        # a lossless writer never drops a frame that a reader has not read
        oldest = self._frames[0].seq
        return not (self.lossless and any(r.next_seq <= oldest for r in self._readers))

    def _slowest_is_behind(self) -> bool:
        return any(self.total - r.next_seq >= self._ahead for r in self._readers)

    def _next(self, reader: RingReader, timeout_s: float) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self.total > reader.next_seq or self.closed, timeout_s)
            if self.total <= reader.next_seq:
                return None
            oldest = self._frames[0].seq
            if reader.next_seq < oldest:
                reader.missed += oldest - reader.next_seq
                reader.next_seq = oldest
            frame = self._frames[reader.next_seq - oldest]
            reader.next_seq += 1
            self._changed.notify_all()
            return frame

    def _skip(self, reader: RingReader) -> None:
        with self._changed:
            newest = max(reader.next_seq, self.total - 1)
            reader.missed += newest - reader.next_seq
            reader.next_seq = newest
            self._changed.notify_all()

    def _forget(self, reader: RingReader) -> None:
        with self._changed:
            if reader in self._readers:
                self._readers.remove(reader)
            self._changed.notify_all()
