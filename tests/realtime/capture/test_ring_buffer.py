"""The frame ring: order, loss that is told, and a writer that waits where it must."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from realtime.capture.held_frame import compressed
from realtime.capture.ring_buffer import FrameRing


def picture(value: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((4, 4, 3), value, np.uint8)


def filled(count: int, capacity: int = 8) -> FrameRing:
    ring = FrameRing(capacity)
    for number in range(count):
        ring.push(number * 10, picture(number))
    return ring


def test_frames_are_shared_and_cannot_be_written() -> None:
    ring = FrameRing(4)
    image = picture(7)
    frame = ring.push(1, image)
    assert ring.newest is frame
    assert frame.image is image
    with pytest.raises(ValueError, match="read-only"):
        frame.image[0] = 1


def test_the_oldest_go_first_and_a_slow_reader_is_told() -> None:
    ring = FrameRing(4)
    reader = ring.reader()
    for number in range(10):
        ring.push(number, picture())
    first = reader.next(0)
    assert first is not None
    assert (len(ring), first.seq, reader.missed, reader.backlog) == (4, 6, 6, 3)
    reader.skip_to_newest()
    newest = reader.next(0)
    assert newest is not None
    assert (newest.seq, reader.missed, reader.backlog) == (9, 8, 0)


def test_the_limit_of_bytes_holds_but_two_frames_stay() -> None:
    ring = FrameRing(100, max_bytes=3 * 48)
    for number in range(10):
        ring.push(number, picture())
    assert len(ring) == 3
    tight = FrameRing(100, max_bytes=1)
    for number in range(10):
        tight.push(number, picture())
    assert len(tight) == 2


@pytest.mark.parametrize(
    ("t_ns", "seq"),
    [
        (50, 5),
        (54, 5),
        (93, 9),
        (96, None),  # none is so near
        (19, None),  # the right one was let go
    ],
)
def test_the_frame_nearest_to_a_time_if_it_is_the_right_one(t_ns: int, seq: int | None) -> None:
    held = filled(10).hold(t_ns, 5)
    frame = held and held()
    assert (frame and frame.seq) == seq


def test_the_beginning_that_was_let_go_is_told_and_a_restart_is_a_beginning() -> None:
    ring = filled(10)
    assert ring.reader(5).lacking_ns == 15
    assert ring.reader(25).lacking_ns == 0
    assert filled(3).reader(-50).lacking_ns == 0  # there never was more
    ring.push(100, picture(), restart=True)
    ring.push(110, picture())
    behind = ring.reader(5, event_ns=105)
    frame = behind.next(0)
    assert frame is not None
    assert (frame.t_ns, frame.restart, behind.lacking_ns) == (100, True, 0)
    before = ring.reader(50, event_ns=60).next(0)
    assert before is not None
    assert before.t_ns == 50


def test_where_room_is_short_old_frames_are_compressed_and_come_back() -> None:
    smooth = np.linspace(0, 255, 320 * 240 * 3).astype(np.uint8).reshape(240, 320, 3)
    ring = FrameRing(
        1000, keep_s=100.0, max_bytes=smooth.nbytes * 10, max_raw_bytes=4 * smooth.nbytes
    )
    with ring.reader() as analysis:
        for number in range(60):
            ring.push(number, np.roll(smooth, number, axis=0))
            frame = analysis.next(0)
            assert frame is not None
            assert np.array_equal(frame.image, np.roll(smooth, number, axis=0))  # never compressed
            until(lambda: ring.raw_frames <= 5)
    assert len(ring) == 60
    reader = ring.reader(0)
    for number in range(60):
        frame = reader.next(0)
        assert frame is not None
        assert frame.seq == number
        off = np.abs(frame.image.astype(int) - np.roll(smooth, number, axis=0))
        assert off.mean() < 3
    assert reader.lacking_ns == reader.missed == 0
    ring.close()


@pytest.mark.parametrize("lossless", [False, True])
def test_frames_older_than_is_said_are_compressed_and_none_is_lost(lossless: bool) -> None:
    ring = FrameRing(1000, keep_s=10.0, raw_s=1.0, lossless=lossless)
    with ring.reader() as analysis:
        for number in range(90):
            ring.push(round(number * 1e9 / 30), picture(number))
            assert analysis.next(0) is not None
    until(lambda: ring.raw_frames == 31)  # one second, both ends
    reader = ring.reader(0)
    seen = [frame for _ in range(90) if (frame := reader.next(0)) is not None]
    assert [frame.seq for frame in seen] == list(range(90))
    assert [int(frame.image.mean()) for frame in seen] == pytest.approx(list(range(90)), abs=2)
    ring.close()


def test_a_machine_too_slow_to_compress_every_frame_keeps_some_of_the_whole_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = threading.Semaphore(0)
    image = np.full((64, 64, 3), 90, np.uint8)
    jpeg, size = compressed(image), image.nbytes

    def slow(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
        turn.acquire(timeout=10.0)
        return jpeg

    monkeypatch.setattr("realtime.capture.ring_buffer.compressed", slow)
    ring = FrameRing(1000, keep_s=100.0, max_bytes=40 * size, max_raw_bytes=10 * size)
    for number in range(200):
        ring.push(number, image)
        if number % 4 == 3:  # one frame is compressed while four come
            turn.release()
            until(lambda: ring.raw_frames <= 30)
    turn.release(1000)
    reader = ring.reader(0)
    seen = []
    while (frame := reader.next(0)) is not None and frame.seq < 180:
        seen.append(frame.seq)
        if len(seen) > 1 and frame.seq > 170:
            break
    ring.close()
    assert seen[0] < 40
    assert len(seen) + reader.missed >= 130
    assert max(after - one for one, after in pairwise(seen)) <= 30


def test_frames_that_analysis_has_yet_to_see_are_not_compressed() -> None:
    ring = FrameRing(1000, keep_s=100.0, max_raw_bytes=48)
    analysis = ring.reader()
    for number in range(10):
        ring.push(number, picture(number))
    pause = threading.Event()
    pause.wait(0.1)
    assert ring.raw_frames == 10
    analysis.close()
    until(lambda: ring.raw_frames < 10)
    ring.close()


def test_a_lossless_writer_waits_for_bytes_too() -> None:
    ring = FrameRing(1000, max_bytes=8 * 48, lossless=True, ahead=100)
    reader = ring.reader()

    def write() -> None:
        for number in range(20):
            ring.push(number, picture(number))
        ring.close()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while (frame := reader.next(5.0)) is not None:
        seen.append(frame.seq)
        assert reader.backlog <= 4
        assert len(ring) <= 9
    writer.join(5.0)
    assert seen == list(range(20))


def test_the_room_of_a_ring_in_seconds() -> None:
    image = picture()  # 48 bytes
    assert FrameRing(100, keep_s=5.0).room_s(image, 30.0) == 5.0
    assert FrameRing(100, keep_s=5.0, max_bytes=30 * 48).room_s(image, 30.0) == 1.0
    grey = np.full((480, 640, 3), 90, np.uint8)
    tight = FrameRing(100, keep_s=50.0, max_bytes=20 * grey.nbytes)
    packed = FrameRing(100, keep_s=50.0, max_bytes=20 * grey.nbytes, max_raw_bytes=10 * grey.nbytes)
    assert packed.room_s(grey, 30.0) > 5 * tight.room_s(grey, 30.0)


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread's work."""
    pause = threading.Event()
    for _ in range(2000):
        if true():
            return
        pause.wait(0.01)
    pytest.fail("did not happen")


def test_a_reader_can_begin_in_the_past() -> None:
    ring = filled(10)
    frame = ring.reader(start_ns=45).next(0)
    assert frame is not None
    assert frame.seq == 5
    assert ring.reader().next(0) is None


@pytest.mark.parametrize("t_ns", [90, 89, -1])
def test_time_moves_forward(t_ns: int) -> None:
    with pytest.raises(ValueError, match="backwards"):
        filled(10).push(t_ns, picture())


def test_a_closed_ring_takes_nothing_and_gives_what_is_left() -> None:
    ring = filled(3)
    reader = ring.reader(start_ns=0)
    ring.close()
    ring.close()
    with pytest.raises(ValueError, match="closed"):
        ring.push(99, picture())
    assert not reader.ended
    assert [frame.seq for _ in range(3) if (frame := reader.next(0))] == [0, 1, 2]
    assert reader.ended
    assert reader.next(10) is None  # returns at once


def test_a_lossless_writer_waits_for_the_slowest_until_it_leaves() -> None:
    ring = FrameRing(8, lossless=True, ahead=3)
    slow, quick = ring.reader(), ring.reader()
    done = threading.Event()

    def write() -> None:
        for number in range(20):
            ring.push(number, picture())
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert [quick.next(10).seq for _ in range(3)] == [0, 1, 2]  # type: ignore[union-attr]
    assert quick.next(0.1) is None  # the writer waits for the slow one
    assert [slow.next(10).seq for _ in range(2)] == [0, 1]  # type: ignore[union-attr]
    assert [quick.next(10).seq for _ in range(2)] == [3, 4]  # type: ignore[union-attr]
    slow.close()
    quick.close()
    assert done.wait(10)
    writer.join(10)
    assert (slow.missed, quick.missed, ring.total) == (0, 0, 20)


def test_closing_frees_a_writer_that_waits() -> None:
    ring = FrameRing(4, lossless=True, ahead=2)
    reader = ring.reader()
    refused = threading.Event()

    def write() -> None:
        try:
            for number in range(10):
                ring.push(number, picture())
        except ValueError:
            refused.set()

    writer = threading.Thread(target=write)
    writer.start()
    while reader.backlog < 2:
        threading.Event().wait(0.01)
    ring.close()
    assert refused.wait(10)
    writer.join(10)


def test_a_ring_holds_at_least_two() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        FrameRing(1)
