"""The capture thread: pacing of files, and what it does when a live source fails."""

from __future__ import annotations

import itertools
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import numpy as np
import psutil
import pytest

from realtime.capture.address import parse_source
from realtime.capture.open_source import open_source
from realtime.capture.ring_buffer import FrameRing
from realtime.capture.source import Source, SourceInfo, SourceKind, TimedFrame
from realtime.capture.stats import CameraState
from realtime.capture.thread import CaptureThread
from realtime.errors import SourceError
from tests.realtime.capture.films import write_film
from tests.servers import DrippingServer, MjpegServer, RtspServer, number_of, numbered

DESCRIPTORS = Path("/proc/self/fd")
HANG_S = 20.0  # only catches a hang: far above any promised time


class Script:
    """A source that follows a script: each step is a shot, None, an error or a wait."""

    def __init__(
        self,
        steps: Iterator[TimedFrame | BaseException | threading.Event | None],
        *,
        live: bool = True,
        size: tuple[int, int] = (320, 240),
    ) -> None:
        self.info = SourceInfo(
            SourceKind.CAMERA if live else SourceKind.FILE,
            "scripted",
            *size,
            requested_fps=30.0,
            reported_fps=30.0,
            live=live,
            frame_count=None,
        )
        self.undecodable = 0
        self.closed = threading.Event()
        self.reader: threading.Thread | None = None
        self._steps = steps

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> TimedFrame | None:
        self.reader = threading.current_thread()
        step = next(self._steps, None)
        if isinstance(step, threading.Event):
            step.wait()
            return None
        if isinstance(step, BaseException):
            raise step
        return step

    def close(self) -> None:
        self.closed.set()


def frames(
    every_s: float = 0.01, *, still: bool = False, size: tuple[int, int] = (320, 240)
) -> Iterator[TimedFrame]:
    number = 0
    pause = threading.Event()
    while not pause.wait(every_s):
        yield TimedFrame(time.monotonic_ns(), numbered(0 if still else number, *size))
        number += 1


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    end = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < end, "did not happen"
        pause.wait(0.01)


def state_is(capture: CaptureThread, state: CameraState) -> Callable[[], bool]:
    return lambda: capture.stats().state is state


def film(tmp_path: Path, count: int = 40, every_us: int = 5_000) -> Callable[[float], Source]:
    address = parse_source(
        str(write_film(tmp_path / "a.mp4", [n * every_us for n in range(count)]))
    )
    return lambda _: open_source(address)


def drain(ring: FrameRing) -> list[int]:
    with ring.reader(start_ns=0) as reader:
        numbers = []
        while not reader.ended:
            frame = reader.next(HANG_S)
            if frame is not None:
                numbers.append(number_of(frame.image))
        return numbers


@pytest.mark.parametrize("realtime", [True, False])
def test_a_film_comes_whole_and_ends(tmp_path: Path, realtime: bool) -> None:
    ring = FrameRing(100, lossless=True)
    with CaptureThread(film(tmp_path), ring, realtime=realtime) as capture:
        assert drain(ring) == list(range(40))
        until(state_is(capture, CameraState.ENDED))
        stats = capture.stats()
        capture.check()
    assert (stats.frames, stats.missing, stats.undecodable, stats.age_s) == (40, 0, 0, 0.0)
    assert stats.measured_fps == pytest.approx(200, rel=0.01)
    assert capture.stats().state is CameraState.ENDED


def test_realtime_plays_no_faster_than_the_film(tmp_path: Path) -> None:
    ring = FrameRing(100)
    start = time.monotonic()
    with CaptureThread(film(tmp_path, 20, 25_000), ring, realtime=True):
        drain(ring)
    assert time.monotonic() - start >= 0.475


def test_a_fast_film_waits_for_its_slowest_reader(tmp_path: Path) -> None:
    ring = FrameRing(16, lossless=True, ahead=4)
    with ring.reader() as reader, CaptureThread(film(tmp_path), ring, realtime=False):
        until(lambda: reader.backlog == 4)
        threading.Event().wait(0.1)
        assert reader.backlog == 4
        numbers = []
        while not reader.ended:
            frame = reader.next(HANG_S)
            if frame is not None:
                numbers.append(number_of(frame.image))
    assert numbers == list(range(40))
    assert reader.missed == 0


def test_leaving_the_block_ends_everything_even_with_a_full_ring(tmp_path: Path) -> None:
    before = threading.active_count()
    ring = FrameRing(4, lossless=True)
    with ring.reader(), CaptureThread(film(tmp_path), ring, realtime=False) as capture:
        until(lambda: ring.total == 4)
    assert ring.closed
    assert capture.stats().state is CameraState.CLOSED
    assert threading.active_count() == before
    capture.check()


def test_what_cannot_be_opened_raises_at_once(tmp_path: Path) -> None:
    def missing(_: float) -> Source:
        raise SourceError("camera 7 cannot be opened")

    ring = FrameRing(4)
    with (
        pytest.raises(SourceError, match="camera 7"),
        CaptureThread(missing, ring, realtime=True),
    ):
        pytest.fail("the block was entered")
    assert ring.closed


def test_a_source_that_is_busy_at_the_start_is_waited_for_with_growing_pauses() -> None:
    asked_s: list[float] = []

    def busy_five_times(_: float) -> Source:
        asked_s.append(time.monotonic())
        if len(asked_s) <= 5:
            raise SourceError("camera 7 is busy")
        return Script(frames())

    with CaptureThread(busy_five_times, FrameRing(4), realtime=True, wait_s=60, retry_s=0.02):
        pass
    pauses_s = [b - a for a, b in itertools.pairwise(asked_s)]
    assert len(pauses_s) == 5
    assert all(pause_s >= 0.02 * 2**k for k, pause_s in enumerate(pauses_s))


def test_a_source_that_stays_away_is_given_up_after_the_wait() -> None:
    asked = []

    def missing(_: float) -> Source:
        asked.append(1)
        raise SourceError("camera 7 cannot be opened")

    with (
        pytest.raises(SourceError, match="camera 7"),
        CaptureThread(missing, FrameRing(4), realtime=True, wait_s=0.2, retry_s=0.02),
    ):
        pytest.fail("the block was entered")
    assert len(asked) > 1


def test_a_driver_that_hangs_at_opening_is_an_error_in_time() -> None:
    release = threading.Event()
    late = Script(frames())

    def hang(_: float) -> Source:
        release.wait()
        return late

    with (
        pytest.raises(SourceError, match="did not answer"),
        CaptureThread(hang, FrameRing(4), realtime=True, open_s=0.5, wait_s=60),
    ):
        pytest.fail("the block was entered")
    release.set()
    assert late.closed.wait(HANG_S)  # the thread that was given up cleans up after itself


def test_frames_out_of_order_or_without_colours_are_refused_and_another_size_followed() -> None:
    odd = [
        TimedFrame(10, numbered(0)),
        TimedFrame(10, numbered(1)),
        TimedFrame(5, numbered(2)),
        TimedFrame(20, numbered(3, 400, 300)),
        TimedFrame(30, numbered(4)[:, :, :1]),
        TimedFrame(40, numbered(5)),
    ]
    ring = FrameRing(16)
    with CaptureThread(lambda _: Script(iter(odd), live=False), ring, realtime=False) as capture:
        assert drain(ring) == [0, 3, 5]
        assert (capture.stats().undecodable, capture.stats().refused) == (1, 2)
        assert capture.stats().restarts == 2
        assert "picture size changes from 320x240 to 400x300" in capture.notices()[0]


def test_an_unforeseen_failure_is_raised_where_the_user_is() -> None:
    steps: list[TimedFrame | BaseException] = [
        TimedFrame(1, numbered(0)),
        ZeroDivisionError("deep inside"),
    ]
    ring = FrameRing(16)
    with CaptureThread(lambda _: Script(iter(steps)), ring, realtime=True) as capture:
        until(lambda: ring.closed)
        with pytest.raises(ZeroDivisionError, match="deep inside") as caught:
            capture.check()
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert "read" in names


@pytest.mark.fault
@pytest.mark.parametrize("server_type", [MjpegServer, RtspServer])
def test_a_stream_cut_and_returned(server_type: type[MjpegServer] | type[RtspServer]) -> None:
    ring = FrameRing(16)
    with server_type(50.0) as server:
        address = parse_source(server.url.replace("//", "//user:s3cret@"))
        with CaptureThread(lambda _: open_source(address), ring, realtime=True) as capture:
            until(state_is(capture, CameraState.LIVE))
            server.stop()
            until(state_is(capture, CameraState.LOST))
            delivered = capture.stats().frames
            server.start()
            until(state_is(capture, CameraState.LIVE))
            until(lambda: capture.stats().frames > delivered + 10)
            stats = capture.stats()
            notices = " ".join(capture.notices())
            capture.check()
    assert stats.reconnects == 1
    assert stats.missing <= 5  # the time away is an outage, not hundreds of lost frames
    assert "lost" in notices
    assert "is back" in notices
    assert "s3cret" not in notices


@pytest.mark.fault
def test_a_silent_server_is_lost_and_found_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with MjpegServer(50) as server:
        address = parse_source(server.url.replace("//", "//user:s3cret@"))

        def open_stream(open_s: float) -> Source:
            return open_source(address, open_s=open_s)

        with CaptureThread(open_stream, FrameRing(16), realtime=True) as capture:
            until(state_is(capture, CameraState.LIVE))
            server.silent = True
            until(state_is(capture, CameraState.LOST))
            server.silent = False
            until(state_is(capture, CameraState.LIVE))
    assert "s3cret" not in caplog.text


@pytest.mark.fault
def test_a_stream_that_drips_is_lost_though_bytes_go_on_coming() -> None:
    with DrippingServer(60) as server:
        address = parse_source(server.url)
        with CaptureThread(
            lambda open_s: open_source(address, open_s=open_s), FrameRing(16), realtime=True
        ) as capture:
            until(state_is(capture, CameraState.LIVE))
            until(state_is(capture, CameraState.LOST))
            until(lambda: capture.stats().reconnects >= 1)  # the next connection has whole ones


@pytest.mark.fault
def test_a_read_that_never_returns_is_given_up_and_the_source_opened_anew() -> None:
    release = threading.Event()
    made: list[Script] = []

    def open_script(_: float) -> Source:
        first = not made
        steps = iter([TimedFrame(time.monotonic_ns(), numbered(0)), release]) if first else frames()
        made.append(Script(steps))
        return made[-1]

    with CaptureThread(
        open_script, FrameRing(16), realtime=True, stall_s=0.3, retry_s=0.02
    ) as capture:
        until(state_is(capture, CameraState.LOST))
        until(state_is(capture, CameraState.LIVE))
        assert len(made) == 2
        assert made[0].reader is not made[1].reader
        assert not made[0].closed.is_set()
        assert capture.stats().reconnects == 1
        release.set()
        assert made[0].closed.wait(HANG_S)
        assert capture.stats().state is CameraState.LIVE


@pytest.mark.fault
def test_no_more_than_two_stuck_threads_then_restart_needed() -> None:
    release = threading.Event()
    made: list[Script] = []

    def open_script(_: float) -> Source:
        made.append(Script(iter([TimedFrame(time.monotonic_ns(), numbered(len(made))), release])))
        return made[-1]

    with CaptureThread(
        open_script, FrameRing(16), realtime=True, stall_s=0.15, retry_s=0.02
    ) as capture:
        until(lambda: any("restart needed" in line for line in capture.notices()))
        threading.Event().wait(0.5)
        assert len(made) == 3
        assert capture.stats().state is CameraState.LOST
        release.set()  # the driver answers after all
        until(lambda: len(made) > 3)
    assert all(script.closed.wait(HANG_S) for script in made)


@pytest.mark.fault
def test_being_lost_is_told_once_however_often_opening_fails() -> None:
    attempts = itertools.count()

    def open_script(_: float) -> Source:
        if 0 < next(attempts) < 6:
            raise SourceError("not back yet")
        return Script(itertools.islice(frames(), 5))

    with CaptureThread(open_script, FrameRing(16), realtime=True, retry_s=0.01) as capture:
        until(lambda: capture.stats().frames == 10)
        notices = capture.notices()
    assert [line.split(":")[0] for line in notices[:2]] == ["scripted is lost", "scripted is back"]


@pytest.mark.fault
def test_fifty_losses_leave_no_thread_behind() -> None:
    before = threading.active_count()
    files = len(list(DESCRIPTORS.iterdir()))
    made: list[Script] = []

    def open_script(_: float) -> Source:
        made.append(Script(itertools.islice(frames(0.001), 2)))
        return made[-1]

    with CaptureThread(
        open_script, FrameRing(16), realtime=True, retry_s=0.001, retry_max_s=0.001
    ) as capture:
        until(lambda: capture.stats().reconnects >= 50)
    assert threading.active_count() == before
    assert len(list(DESCRIPTORS.iterdir())) <= files
    assert all(script.closed.is_set() for script in made)


@pytest.mark.fault
def test_a_frozen_picture_is_told_from_a_live_one() -> None:
    with MjpegServer(50, frozen=True) as server:
        address = parse_source(server.url)
        with CaptureThread(
            lambda _: open_source(address), FrameRing(16), realtime=True, frozen_s=0.3
        ) as capture:
            until(state_is(capture, CameraState.FROZEN))
            delivered = capture.stats().frames
            until(lambda: capture.stats().frames > delivered)
            assert capture.stats().age_s >= 0.3
            server.frozen = False
            until(state_is(capture, CameraState.LIVE))
            assert capture.stats().reconnects == 0


@pytest.mark.fault
def test_a_live_source_that_changes_its_size_is_followed() -> None:
    steps = itertools.chain(itertools.islice(frames(), 5), frames(size=(400, 300)))
    ring = FrameRing(16)
    with CaptureThread(lambda _: Script(steps), ring, realtime=True) as capture:
        until(lambda: ring.newest is not None and ring.newest.image.shape == (300, 400, 3))
        stats = capture.stats()
        notices = capture.notices()
    assert (stats.undecodable, stats.reconnects, stats.restarts) == (0, 0, 1)
    assert "picture size changes from 320x240 to 400x300" in notices[0]


@pytest.mark.fault
def test_a_source_that_comes_back_with_another_size_is_followed() -> None:
    made: list[Script] = []

    def open_script(_: float) -> Source:
        size = (400, 300) if made else (320, 240)
        made.append(Script(itertools.islice(frames(size=size), 5), size=size))
        return made[-1]

    with CaptureThread(open_script, FrameRing(16), realtime=True, retry_s=0.02) as capture:
        until(lambda: capture.stats().restarts == 1)


@pytest.mark.fault
def test_a_stream_of_damaged_pictures_is_not_opened_again_and_again() -> None:
    class Damaged(Script):
        def read(self) -> TimedFrame | None:
            shot = super().read()
            while shot is not None and 5 < self.came < 40:
                self.undecodable, self.came = self.undecodable + 1, self.came + 1
                shot = super().read()
            self.came += 1
            return shot

        came = 0

    made: list[Damaged] = []

    def open_script(_: float) -> Source:
        made.append(Damaged(frames(0.02)))
        return made[-1]

    with CaptureThread(open_script, FrameRing(16), realtime=True, stall_s=0.3) as capture:
        until(lambda: capture.stats().frames > 10)
        assert len(made) == 1
        assert capture.stats().undecodable == 34


@pytest.mark.fault
def test_a_picture_that_stands_still_after_it_moved_is_opened_anew_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("realtime.capture.thread.FROZEN_REOPEN_S", 0.4)
    made: list[Script] = []

    def open_script(_: float) -> Source:
        still = frames(still=True)
        steps = still if made else itertools.chain(itertools.islice(frames(), 5), still)
        made.append(Script(steps))
        return made[-1]

    with CaptureThread(
        open_script, FrameRing(16), realtime=True, frozen_s=0.2, retry_s=0.02
    ) as capture:
        until(lambda: len(made) == 2)
        until(state_is(capture, CameraState.FROZEN))
        threading.Event().wait(1.0)
        assert len(made) == 2  # a still that never moved is what this source shows
        assert capture.stats().state is CameraState.FROZEN


def test_live_times_come_from_the_monotonic_clock() -> None:
    ring = FrameRing(64)
    start = time.monotonic_ns()
    with (
        MjpegServer(100) as server,
        CaptureThread(
            lambda _: open_source(parse_source(server.url)), ring, realtime=True
        ) as capture,
    ):
        until(lambda: capture.stats().frames >= 30)
        reader = ring.reader(0)
        frames = [frame for _ in range(20) if (frame := reader.next(1.0)) is not None]
    times = np.array([frame.t_ns for frame in frames])
    assert times[0] > start
    assert (np.diff(times) > 0).all()
    assert times[-1] <= time.monotonic_ns()
    numbers = [number_of(frame.image) for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_thousand_starts_and_stops_leave_nothing_behind() -> None:
    pictures = [numbered(n) for n in range(3)]

    def once() -> None:
        shots = iter([TimedFrame(time.monotonic_ns(), picture) for picture in pictures])
        with CaptureThread(lambda _: Script(shots), FrameRing(8), realtime=True):
            pass

    for _ in range(100):
        once()
    threads, files = threading.active_count(), list(DESCRIPTORS.iterdir())
    memory = psutil.Process().memory_info().rss
    for _ in range(1000):
        once()
    assert threading.active_count() <= threads
    assert len(list(DESCRIPTORS.iterdir())) <= len(files)
    assert psutil.Process().memory_info().rss - memory < 5_000_000
