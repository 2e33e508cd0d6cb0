"""Decoded frames in the order in which they are shown, each with the time stamp that belongs to it.

A film with B-frames stores its frames in another order than it shows them.  A decoder hands them
out in the order of showing, but their time stamps are right only where the container stores
presentation times.  AVI stores none: FFmpeg numbers its packets in decoding order, and each
frame carries the number of its packet.  The frames are then right as they come, and the same
time stamps, sorted, belong to them.  Where presentation times are stored, a frame that a decoder
hands out too late goes back to its place, with its time stamp.

Pure: used by `VideoFile`, which passes it every packet and frame.  Times are integer
nanoseconds of the container's own clock.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from typing import Generic, TypeVar

MAX_REORDER = 16  # frames: the most that H.264 and HEVC may hold back
LATE_FRAMES = 4  # held back where presentation times are stored: decoders are late by one or two
_DUE = 64  # packets: more than any decoder holds
RESTART_NS = 1_000_000_000  # B-frames are reordered within less than this

Picture = TypeVar("Picture")


class PresentationOrder(Generic[Picture]):
    """Holds back as many frames as the stream reorders, and no more than it needs to."""

    def __init__(self) -> None:
        self._frames: list[Picture] = []
        self._times_ns: list[int] = []  # of the frames held, sorted
        self._stored = False  # the container stores presentation times
        self._highest_ns: int | None = None  # of the packets so far
        self._decoded_ns: int | None = None  # decoding time of the last packet
        self._due: deque[int] = deque(maxlen=_DUE)  # packets whose frames may be still to come
        self._restarted = False  # the clock was set, and none of its frames has come yet
        self._due_before: deque[int] = deque()  # packets from before that, as `_due`

    @property
    def stored(self) -> bool:
        """The container stores presentation times: each frame has its own."""
        return self._stored

    def packet(self, t_ns: int, decoded_ns: int | None = None) -> None:
        """A packet, before it is decoded: its presentation and its decoding time stamp.

        Decoding times only grow: where they do not, the clock was set.
        """
        before_ns, self._decoded_ns = self._decoded_ns, decoded_ns
        if before_ns is not None and decoded_ns is not None and decoded_ns < before_ns:
            self._restarted = True
            self._due_before, self._due = self._due, deque(maxlen=_DUE)
            self._highest_ns = None
        self._due.append(t_ns)
        highest = self._highest_ns
        if highest is not None and highest - RESTART_NS < t_ns < highest:
            self._stored = True
        self._highest_ns = (
            t_ns if highest is None or t_ns < highest - RESTART_NS else max(highest, t_ns)
        )

    def frame(self, frame: Picture, t_ns: int, reorder_depth: int) -> list[tuple[Picture, int]]:
        """Take a decoded frame; returns those whose turn has come.

        Args:
            t_ns: time stamp of the packet that the frame came from.
            reorder_depth: frames the decoder holds back; 0: the stream has no B-frames.
        """
        ready: list[tuple[Picture, int]] = []
        if self._is_restart(t_ns):
            ready = self.flush()  # another clock: nothing is sorted across it
        if self._stored:
            at = len([held for held in self._times_ns if held <= t_ns])
            self._frames.insert(at, frame)
        else:
            self._frames.append(frame)
        insort(self._times_ns, t_ns)
        depth = 0
        if reorder_depth > 0:
            depth = LATE_FRAMES if self._stored else MAX_REORDER
        while len(self._frames) > depth:
            ready.append((self._frames.pop(0), self._times_ns.pop(0)))
        return ready

    def _is_restart(self, t_ns: int) -> bool:
        """Whether a frame is the first of another clock."""
        restart = bool(self._times_ns) and abs(t_ns - self._times_ns[-1]) > RESTART_NS
        if self._restarted and t_ns in self._due_before:
            self._due_before.remove(t_ns)
            return restart
        if t_ns in self._due:
            self._due.remove(t_ns)
        restart |= self._restarted
        self._restarted = False
        return restart

    def flush(self) -> list[tuple[Picture, int]]:
        """The frames that are held, in their order: the film has ended."""
        ready = list(zip(self._frames, self._times_ns, strict=True))
        self._frames.clear()
        self._times_ns.clear()
        return ready
