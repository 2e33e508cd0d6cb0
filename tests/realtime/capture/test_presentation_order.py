"""Frames in the order of showing, whatever the container says."""

from __future__ import annotations

from realtime.capture.presentation_order import PresentationOrder

STEP = 33_000_000


def in_order(
    packets: list[int], frames: list[tuple[str, int]], depth: int
) -> list[tuple[str, int]]:
    order: PresentationOrder[str] = PresentationOrder()
    for t in packets:
        order.packet(t * STEP)
    out = []
    for name, t in frames:
        out += order.frame(name, t * STEP, depth)
    return [(name, t // STEP) for name, t in [*out, *order.flush()]]


def test_time_stamps_in_decoding_order_are_sorted_under_frames_that_are_in_order() -> None:
    frames = [("a", 0), ("b", 3), ("c", 2), ("d", 4), ("e", 1), ("f", 7), ("g", 5), ("h", 6)]
    got = in_order(list(range(8)), frames, depth=2)
    assert got == [(name, number) for number, (name, _) in enumerate(frames)]


def test_a_frame_that_comes_late_goes_back_to_its_place_with_its_time_stamp() -> None:
    got = in_order([0, 3, 1, 2], [("a", 0), ("d", 3), ("b", 1), ("c", 2), ("e", 4)], depth=1)
    assert got == [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 4)]


def test_nothing_is_held_back_in_a_film_without_b_frames() -> None:
    order: PresentationOrder[str] = PresentationOrder()
    order.packet(0)
    assert order.frame("a", 0, 0) == [("a", 0)]


def test_nothing_is_sorted_across_a_clock_that_was_set() -> None:
    frames = [("a", 100), ("b", 101), ("c", 0), ("d", 1)]
    assert in_order([], frames, depth=2) == frames


def test_a_clock_set_back_by_less_than_a_second_is_known_by_the_decoding_times() -> None:
    order: PresentationOrder[str] = PresentationOrder()
    packets = [(0, 0), (3, 1), (1, 2), (2, 3), (0, 0), (3, 1), (1, 2), (2, 3)]
    frames = [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 0), ("f", 1), ("g", 2), ("h", 3)]
    for t, decoded in packets:
        order.packet(t * STEP, decoded * STEP)
    out = [pair for name, t in frames for pair in order.frame(name, t * STEP, 2)]
    assert [name for name, _ in [*out, *order.flush()]] == list("abcdefgh")
