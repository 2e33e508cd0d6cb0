"""Missing frames of real servers: by the stream's own time stamps, or by arrivals that were waited
for; a program that is late itself misses nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks._common.looped_stream import LoopedStream
from realtime.capture.address import parse_source
from realtime.capture.open_source import open_source
from realtime.capture.reader_thread import SourceReader
from realtime.capture.ring_buffer import FrameRing
from realtime.capture.source import TimedFrame
from realtime.capture.stats import CaptureStats
from realtime.capture.thread import CaptureThread
from tests.servers import RtspServer, jpeg, numbered

HANG_S = 60.0
FRAMES = 240


def stats_after(url: str, frames: int) -> CaptureStats:
    """Of a capture once it has read so many."""
    address = parse_source(url)
    ring = FrameRing(32)
    with CaptureThread(
        lambda open_s: open_source(address, open_s=open_s), ring, realtime=True
    ) as c:
        deadline = time.monotonic() + HANG_S
        while (stats := c.stats()).frames < frames:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return stats


@contextmanager
def busy_processors(count: int) -> Iterator[None]:
    burning = [subprocess.Popen([sys.executable, "-c", "while 1: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


@pytest.fixture
def slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes 40 ms for each frame, and stalls now and then."""
    accept = SourceReader._accept
    taken = iter(range(10**6))

    def late(self: SourceReader, shot: TimedFrame) -> TimedFrame | None:
        time.sleep(0.4 if next(taken) % 50 == 49 else 0.04)
        return accept(self, shot)

    monkeypatch.setattr(SourceReader, "_accept", late)


LOST = {60, 61, 100, 150}


def test_frames_that_a_stream_left_out_are_counted_by_its_own_time_stamps() -> None:
    with RtspServer(lost=LOST) as server:
        assert stats_after(server.url, FRAMES).missing == len(LOST)


@pytest.mark.usefixtures("slow_reader")
def test_a_slow_reader_counts_no_others() -> None:
    with RtspServer(lost=LOST) as server:
        stats = stats_after(server.url, FRAMES)
    assert stats.missing == len(LOST)
    assert stats.measured_fps == pytest.approx(30, rel=0.05)  # the stream's, not the reader's


@pytest.mark.slow
@pytest.mark.usefixtures("slow_reader")
def test_of_motion_jpeg_a_slow_reader_invents_none() -> None:
    pictures = [jpeg(numbered(n)) for n in range(60)]
    with LoopedStream(pictures, 30) as server:
        assert stats_after(server.url, 150).missing == 0


@pytest.mark.slow
def test_of_motion_jpeg_a_busy_machine_invents_none() -> None:
    pictures = [jpeg(numbered(n, 640, 480)) for n in range(60)]
    with LoopedStream(pictures, 60) as server, busy_processors(4):
        assert stats_after(server.url, 600).missing == 0
