"""A stop of the whole program is told from a silent source, and its frames from those after it."""

from __future__ import annotations

import pytest

from realtime.capture.suspension import Suspension, clock_with_sleep_ns

S, MS = 1_000_000_000, 1_000_000
FPS = 30.0


class Clock:
    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_stop_is_told_once_with_its_length(clock: Clock) -> None:
    suspension = Suspension(clock)
    told = []
    for second in (0.0, 0.05, 0.9, 5.0, 5.05):
        clock.now_ns = round(second * S)
        told.append(suspension.look(clock.now_ns))
    assert told == [None, None, None, pytest.approx(4.1), None]


def test_a_computer_that_slept_is_noticed_though_its_monotonic_clock_stood_still(
    clock: Clock,
) -> None:
    suspension = Suspension(clock)
    suspension.look(10 * S)
    clock.now_ns = 3600 * S
    assert suspension.look(10 * S + 1) == 3600.0


def after_a_stop(clock: Clock) -> Suspension:
    """At 5 s."""
    suspension = Suspension(clock)
    assert not suspension.is_stale(0, 0, FPS)
    suspension.look(0)
    clock.now_ns = 5 * S
    suspension.look(5 * S)
    return suspension


@pytest.mark.parametrize("busy_ms", [0, 12])
def test_frames_that_waited_are_stale_until_some_are_waited_for(clock: Clock, busy_ms: int) -> None:
    suspension = after_a_stop(clock)
    now_ns = 5 * S + MS
    # the reader was stopped in the middle of waiting for the first
    assert suspension.is_stale(now_ns, 5 * S, FPS)
    for _ in range(60):
        now_ns += (busy_ms + 3) * MS
        assert suspension.is_stale(now_ns, busy_ms * MS, FPS)
    fresh = []
    for _ in range(5):
        now_ns += 33 * MS
        fresh.append(not suspension.is_stale(now_ns, 28 * MS, FPS))
    assert fresh[-3:] == [True] * 3
    assert not suspension.is_stale(now_ns + MS, 0, FPS)


def test_a_machine_that_never_waits_has_its_frames_again_after_two_seconds(clock: Clock) -> None:
    suspension = after_a_stop(clock)
    stale = [suspension.is_stale(5 * S + k * 100 * MS, 0, FPS) for k in range(30)]
    assert stale == [True] * 21 + [False] * 9


def test_a_source_that_does_not_know_how_long_it_waited_goes_on_at_once(clock: Clock) -> None:
    assert not after_a_stop(clock).is_stale(5 * S + MS, None, FPS)


def test_the_clock_goes_forward() -> None:
    before = clock_with_sleep_ns()
    assert clock_with_sleep_ns() >= before
