"""Where a run's frames come from: the thread that captures, the ring, and the run's place in it."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.capture.ring_buffer import FrameRing, RingReader
from realtime.capture.source import SourceInfo
from realtime.capture.thread import CaptureThread


@dataclass(frozen=True, slots=True)
class RunInput:
    """Opened and closed by whoever builds the run."""

    capture: CaptureThread
    ring: FrameRing
    reader: RingReader

    @property
    def info(self) -> SourceInfo:
        return self.capture.info
