"""Where a recorder finds the frames of an event again.

A live source's frames are in the ring, or gone.  A film, or a folder of pictures, lies on the
disk: its frames are decoded again, from the keyframe before them, so that however long a pre-roll
is asked for, it takes no memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from realtime.capture.held_frame import Frame
from realtime.capture.source import Source
from realtime.errors import SourceError


class FrameStoreReader(Protocol):
    """The frames from one time on.  Not shared between threads."""

    missed: int  # frames of a live source that went before they were read

    @property
    def lacking_ns(self) -> int:
        """Length of the beginning of the span that is gone."""

    @property
    def ended(self) -> bool:
        """No more frames will come."""

    def next(self, timeout_s: float) -> Frame | None: ...

    def close(self) -> None: ...


class FrameStore(Protocol):
    """What was filmed lately, or the whole film."""

    @property
    def lossless(self) -> bool:
        """Nothing that is asked for in time is gone."""

    @property
    def repeatable(self) -> bool:
        """Frames can be read at any time, and an open reader does not block the writer."""

    def reader(self, start_ns: int, event_ns: int) -> FrameStoreReader:
        """From `start_ns`, or from the last restart between it and `event_ns`."""

    def hold(self, t_ns: int, within_ns: int) -> Callable[[], Frame | None] | None:
        """The frame nearest to a time, to be had later and in another thread.

        None if no frame is as near as `within_ns`, or the right one may be gone.
        """


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """Where a film can be entered."""

    stamp: int  # its presentation time stamp, in the units of the stream
    t_ns: int
    offset_ns: int  # what the clock adds to the time stamps there
    position: int | None  # byte of the file, in containers that are not entered by time


class FilmIndex:
    """What was seen of a film while it was read: written by that thread, read by others."""

    def __init__(self) -> None:
        self._keyframes: list[EntryPoint] = []
        self._times: list[int] = []
        self._restarts: list[int] = []

    def add(self, keyframe: EntryPoint) -> None:
        """Behind a restart the same time stamp may stand twice: there a position is needed."""
        if keyframe.position is not None or not self._restarts:
            self._keyframes.append(keyframe)
            self._times.append(keyframe.t_ns)

    def add_restart(self, t_ns: int) -> None:
        self._restarts.append(t_ns)

    def before(self, t_ns: int) -> EntryPoint | None:
        """The last keyframe up to a time; None: read from the beginning."""
        at = bisect_right(self._times, t_ns)
        return self._keyframes[at - 1] if at else None

    def start_of(self, start_ns: int, event_ns: int) -> int:
        """`start_ns`, or the last restart between it and the event."""
        return max([start_ns, *(t for t in self._restarts if t <= event_ns)])


class RepeatedSource(Source, Protocol):
    """A source that lies on the disk."""

    def skip_to(self, t_ns: int) -> None:
        """The next frame is the first at or after a time that has not been read yet."""


class FilmStore:
    """A film on the disk.

    Args:
        open_at: opens the source once more, at a keyframe or at its beginning.
        index: filled by the thread that reads the film first.
    """

    lossless = True
    repeatable = True

    def __init__(
        self, open_at: Callable[[EntryPoint | None], RepeatedSource], index: FilmIndex
    ) -> None:
        self._open_at = open_at
        self._index = index

    def reader(self, start_ns: int, event_ns: int) -> FilmReader:
        """Opens nothing before its first frame is asked for."""
        return FilmReader(self._open_at, self._index, self._index.start_of(start_ns, event_ns))

    def hold(self, t_ns: int, within_ns: int) -> Callable[[], Frame | None]:
        """Decoded when it is called for; None if the film cannot be read any more."""
        return partial(self._nearest, t_ns, within_ns)

    def _nearest(self, t_ns: int, within_ns: int) -> Frame | None:
        reader = FilmReader(self._open_at, self._index, t_ns - within_ns)
        best: Frame | None = None
        try:
            while (frame := reader.next(0.0)) is not None and frame.t_ns <= t_ns + within_ns:
                if best is not None and abs(frame.t_ns - t_ns) > abs(best.t_ns - t_ns):
                    break
                best = frame
        finally:
            reader.close()
        return best


class FilmReader:
    """Frames of a film from one time on, decoded when they are asked for."""

    def __init__(
        self,
        open_at: Callable[[EntryPoint | None], RepeatedSource],
        index: FilmIndex,
        start_ns: int,
    ) -> None:
        self.missed = 0
        self.lacking_ns = 0
        self.ended = False
        self._open_at = open_at
        self._index = index
        self._start_ns = start_ns
        self._source: RepeatedSource | None = None
        self._count = 0

    def next(self, timeout_s: float) -> Frame | None:
        """Decodes it at once; None at the end of the film, or if it cannot be read any more."""
        if self.ended:
            return None
        try:
            if self._source is None:
                self._source = self._open_at(self._index.before(self._start_ns))
                self._source.skip_to(self._start_ns)
            frame = self._source.read()
        except SourceError:
            frame = None
        if frame is None:
            self.close()
            return None
        self._count += 1
        return Frame(self._count - 1, frame.t_ns, frame.image, bool(frame.restart))

    def close(self) -> None:
        """May be called twice."""
        self.ended = True
        if self._source is not None:
            self._source.close()
            self._source = None
