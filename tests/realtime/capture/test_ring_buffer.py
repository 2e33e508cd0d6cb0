"""The frame ring: order, loss that is told, and a writer that waits where it must."""

from __future__ import annotations

import threading

import numpy as np
import pytest

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
    ("start", "end", "seqs", "complete"),
    [
        (30, 50, [3, 4, 5], True),
        (31, 39, [], True),
        (20, 90, [2, 3, 4, 5, 6, 7, 8, 9], True),
        (10, 40, [2, 3, 4], False),  # part of it was let go
        (80, 100, [8, 9], False),  # part of it is still to come
    ],
)
def test_a_span_of_time(start: int, end: int, seqs: list[int], complete: bool) -> None:
    window = filled(10).between(start, end)
    assert [frame.seq for frame in window.frames] == seqs
    assert window.complete is complete


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
