"""The most recent camera frames: one writer, any number of readers, no copies.

Frames are shared read-only references, so both sides hold the lock for microseconds.
A live ring drops the oldest frame when it is full; a reader that was too slow counts how many it
missed.  A lossless ring (files analysed with `--pace fast`) makes the writer wait
instead, so every reader sees every frame.

Times are integer nanoseconds: the monotonic clock for live sources, the file's own
time stamps for files.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from realtime.capture.held_frame import Frame, HeldFrame, compressed

_BACKLOG = 2  # frames that wait to be compressed before some are dropped
_JOIN_S = 2.0


class RingReader:
    """One consumer's place in the ring.  Not shared between threads.

    In a lossless ring an open reader holds the writer back, so close it when done
    (`with ring.reader() as reader`).
    """

    def __init__(
        self, ring: FrameRing, next_seq: int, *, lacking_ns: int = 0, newest: bool = True
    ) -> None:
        self._ring = ring
        self.next_seq = next_seq
        self.missed = 0  # frames dropped before this reader read them
        self.lacking_ns = lacking_ns  # of the span requested, dropped before the request
        self.newest = newest  # it began at the newest frame: what it reads is never compressed

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
        max_bytes: of all images held, compressed ones as they are.  None: no limit.
        max_raw_bytes: of images that are not compressed; above it the oldest become JPEG, in a
            thread of the ring's own.  None: no limit.
        raw_s: frames older than this before the newest become JPEG, too.  None: no limit of age.
        lossless: `push` waits while the slowest reader is `ahead` frames, or half of `max_bytes`,
            behind.
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
        max_raw_bytes: int | None = None,
        raw_s: float | None = None,
        lossless: bool = False,
        ahead: int = 16,
    ) -> None:
        if capacity < 2:
            raise ValueError(f"capacity must be at least 2, got {capacity}")
        self.capacity = capacity
        self.repeatable = False
        self.lossless = lossless
        self._keep_ns = None if keep_s is None else round(keep_s * 1e9)
        self._max_bytes = max_bytes
        self._max_raw_bytes = max_raw_bytes
        self._raw_ns = None if raw_s is None else round(raw_s * 1e9)
        self._ahead = min(ahead, capacity)
        self._frames: deque[HeldFrame] = deque()
        self._bytes = self._raw_bytes = 0
        self._packed = 0  # frames held that are compressed: the oldest ones
        self._compressor: threading.Thread | None = None
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
    def raw_frames(self) -> int:
        """Frames held that are not compressed."""
        with self._changed:
            return sum(held.jpeg is None for held in self._frames)

    @property
    def newest(self) -> Frame | None:
        with self._changed:
            return self._frames[-1].frame if self._frames else None  # never compressed

    def push(self, t_ns: int, image: NDArray[np.uint8], *, restart: bool = False) -> Frame:
        """Store one frame.  The caller must not reuse the image's memory.

        Args:
            restart: it does not continue the frame before.

        Raises:
            ValueError: if time does not move forward, or the ring is closed.
        """
        image.flags.writeable = False
        with self._changed:
            if self._frames and t_ns <= self._frames[-1].frame.t_ns:
                raise ValueError(f"frame {self.total}: time went backwards")
            while self.lossless and not self.closed and self._slowest_is_behind(image.nbytes):
                self._changed.wait()
            if self.closed:
                raise ValueError("the ring is closed")
            frame = Frame(self.total, t_ns, image, restart)
            self._frames.append(HeldFrame(frame))
            self._bytes += image.nbytes
            self._raw_bytes += image.nbytes
            self.total += 1
            while len(self._frames) > 2 and self._is_over():
                held = self._frames.popleft()
                self._bytes -= held.nbytes
                if held.jpeg is None:
                    self._raw_bytes -= held.nbytes
                else:
                    self._packed -= 1
            if self._compressor is None and self._has_too_much_raw():
                self._compressor = threading.Thread(
                    target=self._compress, name="ring-compressor", daemon=True
                )
                self._compressor.start()
            self._changed.notify_all()
        return frame

    def close(self) -> None:
        """No more frames will come; readers drain what is left.  May be called twice."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
        if self._compressor is not None:  # a thread inside OpenCV must not outlive the program
            self._compressor.join(_JOIN_S)

    def reader(self, start_ns: int | None = None, event_ns: int | None = None) -> RingReader:
        """A new reader at the first held frame with `t_ns >= start_ns`; None: at the next frame.

        Args:
            event_ns: it begins behind the last restart up to this time.
        """
        with self._changed:
            first, lacking_ns = self.total, 0
            if start_ns is not None:
                held = [h.frame for h in self._frames]
                first = next((f.seq for f in held if f.t_ns >= start_ns), first)
                if held and held[0].seq > 0:
                    lacking_ns = max(0, held[0].t_ns - start_ns)
                for frame in held:
                    if frame.restart and event_ns is not None and start_ns < frame.t_ns <= event_ns:
                        first, lacking_ns = frame.seq, 0
            reader = RingReader(self, first, lacking_ns=lacking_ns, newest=start_ns is None)
            self._readers.append(reader)
            return reader

    def hold(self, t_ns: int, within_ns: int) -> Callable[[], Frame | None] | None:
        """The frame nearest to a time, to be had later and in another thread.

        None if no frame is as near as `within_ns`, or the right one was dropped.
        """
        with self._changed:
            held = min(self._frames, key=lambda h: abs(h.frame.t_ns - t_ns), default=None)
            if held is None or abs(held.frame.t_ns - t_ns) > within_ns:
                return None
            oldest = self._frames[0].frame
            if t_ns < oldest.t_ns and oldest.seq > 0:
                return None
            return held.copy().whole

    def room_s(self, image: NDArray[np.uint8], fps: float) -> float:
        """Seconds of pictures like this one that it can hold."""
        kept_s = math.inf if self._keep_ns is None else self._keep_ns / 1e9
        if self._max_bytes is None:
            return kept_s
        raw_bytes = min(self._max_raw_bytes or self._max_bytes, self._max_bytes)
        frames = raw_bytes / image.nbytes
        if self._max_raw_bytes is not None:
            frames += (self._max_bytes - raw_bytes) / len(compressed(image))
        return min(kept_s, frames / fps)

    def _is_over(self) -> bool:
        if len(self._frames) > self.capacity:
            return True
        span_ns = self._frames[-1].frame.t_ns - self._frames[0].frame.t_ns
        too_old = self._keep_ns is not None and span_ns > self._keep_ns
        too_much = self._max_bytes is not None and self._bytes > self._max_bytes
        if not (too_old or too_much):
            return False
        # a lossless writer never drops a frame that a reader has not read
        oldest = self._frames[0].frame.seq
        return not (self.lossless and any(r.next_seq <= oldest for r in self._readers))

    def _slowest_is_behind(self, nbytes: int) -> bool:
        for reader in self._readers:
            behind = self.total - reader.next_seq
            if behind >= self._ahead:
                return True
            if behind and self._max_bytes and (behind + 1) * nbytes > self._max_bytes / 2:
                return True
        return False

    def _has_too_much_raw(self) -> bool:
        if self._max_raw_bytes is not None and self._raw_bytes > self._max_raw_bytes:
            return True
        oldest = self._frames[self._packed].frame
        return self._raw_ns is not None and self._frames[-1].frame.t_ns - oldest.t_ns > self._raw_ns

    def _next_to_compress(self) -> HeldFrame | None:
        """The oldest frame that is not compressed, unless analysis has not read it.

        Where the machine is too slow to compress every frame, some before it are dropped: a
        pre-roll with fewer frames is longer than one with all of them.
        """
        if not self._frames or not self._has_too_much_raw():
            return None
        analysed = min((r.next_seq for r in self._readers if r.newest), default=self.total)
        last = min(analysed, self.total - 1)
        first = self._frames[self._packed]
        if first.frame.seq >= last:
            return None
        excess = 0
        if self._max_raw_bytes is not None:
            excess = int((self._raw_bytes - self._max_raw_bytes) // first.nbytes)
        for _ in range(excess - _BACKLOG):
            if self._frames[self._packed + 1].frame.seq >= last:
                break
            self._raw_bytes -= self._frames[self._packed].nbytes
            self._bytes -= self._frames[self._packed].nbytes
            del self._frames[self._packed]
        return self._frames[self._packed]

    def _compress(self) -> None:
        """The ring's own thread."""
        while True:
            held: HeldFrame | None = None
            with self._changed:
                while not self.closed and (held := self._next_to_compress()) is None:
                    self._changed.wait()
                if held is None or self.closed:
                    return
            jpeg = compressed(held.frame.image)
            with self._changed:
                if held.frame.seq < self._frames[0].frame.seq:
                    continue  # it was dropped meanwhile
                raw = held.frame.image.nbytes
                held.compress_to(jpeg)
                self._packed += 1
                self._raw_bytes -= raw
                self._bytes += len(jpeg) - raw

    def _next(self, reader: RingReader, timeout_s: float) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self.total > reader.next_seq or self.closed, timeout_s)
            if self.total <= reader.next_seq:
                return None
            at = bisect_left(self._frames, reader.next_seq, key=lambda h: h.frame.seq)
            # a copy: it may be compressed while it is decoded outside the lock
            held = self._frames[at].copy()
            reader.missed += held.frame.seq - reader.next_seq
            reader.next_seq = held.frame.seq + 1
            self._changed.notify_all()
        return held.whole()

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
