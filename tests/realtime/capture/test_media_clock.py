"""Times from time stamps that restart, jump, stand still or are negative."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from realtime.capture.media_clock import MediaClock

STEP = 40_000_000
HOUR = 3_600_000_000_000


def placed(stamps: list[int], scale: Fraction = Fraction(1)) -> tuple[list[int], list[int]]:
    """Times of the frames, and the numbers of those that do not continue the one before."""
    clock: MediaClock[int] = MediaClock(max(0, -stamps[0]), scale, STEP)
    out = []
    for number, stamp in enumerate(stamps):
        out += clock.place(number, stamp)
    out += clock.flush()
    assert [frame.frame for frame in out] == list(range(len(stamps)))
    return [frame.t_ns for frame in out], [frame.frame for frame in out if frame.restart]


@pytest.mark.parametrize("jump", [-20 * STEP, -3 * STEP, -60 * STEP, HOUR, -HOUR])
def test_after_a_jump_the_frames_go_on_one_interval_later(jump: int) -> None:
    stamps = [n * STEP for n in range(100)] + [n * STEP + jump for n in range(100, 200)]
    times, restarts = placed(stamps)
    assert times == [n * STEP for n in range(200)]
    assert restarts == [100]


def test_a_recording_joined_to_itself_goes_on() -> None:
    times, restarts = placed([n * STEP for n in range(50)] * 3)
    assert times == [n * STEP for n in range(150)]
    assert restarts == [50, 100]


def test_a_silence_of_half_a_minute_is_kept() -> None:
    stamps = [0, STEP, 30 * 1_000_000_000, 30 * 1_000_000_000 + STEP]
    assert placed(stamps) == (stamps, [])


def test_frames_with_one_time_stamp_are_spread_up_to_the_next() -> None:
    stamps = [n // 2 * 2 * STEP for n in range(100)]
    times, restarts = placed(stamps)
    assert times == [n * STEP for n in range(100)]
    assert restarts == []


def test_jitter_below_the_frame_before_is_no_restart() -> None:
    stamps = [n * STEP for n in range(50)]
    stamps[20] = stamps[19] - 1_000_000
    times, restarts = placed(stamps)
    assert restarts == []
    assert np.abs(np.array(times) - np.arange(50) * STEP).max() <= STEP


def test_time_stamps_that_stand_still_are_placed_at_the_frame_interval() -> None:
    stamps = [n * STEP for n in range(50)] + [49 * STEP] * 50 + [(n + 50) * STEP for n in range(50)]
    times, _ = placed(stamps)
    assert np.diff(times).min() > 0
    assert np.allclose(np.diff(times), STEP, atol=2)


def test_negative_time_stamps_begin_at_zero() -> None:
    assert placed([-STEP, 0, STEP]) == ([0, STEP, 2 * STEP], [])


def test_slow_motion_is_read_at_the_rate_it_was_taken() -> None:
    times, restarts = placed([n * STEP for n in range(50)], Fraction(1, 8))
    assert times == [n * STEP // 8 for n in range(50)]
    assert restarts == []
