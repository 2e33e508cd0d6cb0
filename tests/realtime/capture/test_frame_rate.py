"""The rate of a source, and what is missing by it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from realtime.capture.frame_rate import FrameRate, LocalRate

MS = 1_000_000
S = 1_000_000_000


def measured(times_ms: list[float]) -> FrameRate:
    rate = FrameRate(outage_s=1.2)
    for time_ms in times_ms:
        rate.add(round(time_ms * MS))
    return rate


def test_a_steady_source_misses_nothing() -> None:
    rate = measured([n * 20.0 for n in range(200)])
    assert rate.missing == 0
    assert rate.fps == pytest.approx(50)


@pytest.mark.parametrize("lost", [{50}, {50, 51, 52}, {40, 60, 90}, {40, 42}])
def test_lost_frames_are_counted(lost: set[int]) -> None:
    jitter = np.random.default_rng(1).uniform(-2, 2, 120)
    rate = measured([n * 33.3 + jitter[n] for n in range(120) if n not in lost])
    assert rate.missing == len(lost)


def test_a_late_frame_and_early_ones_after_it_are_no_loss() -> None:
    times = [n * 33.0 for n in range(120)]
    # frames 60 to 63 were held up on the way and arrive together
    times[60:64] = [times[64] - 4 + n for n in range(4)]
    assert measured(times).missing == 0


def test_frames_that_come_in_pairs_are_no_loss() -> None:
    assert measured([n // 2 * 66.0 + n % 2 for n in range(200)]).missing == 0


def test_a_burst_does_not_hide_a_loss_long_before_it() -> None:
    times = [n * 33.0 for n in range(160) if n not in (40, 41)]
    times[100:104] = [times[104] - 4 + n for n in range(4)]
    assert measured(times).missing == 2


def test_an_outage_and_a_reopening_are_no_lost_frames() -> None:
    first = [n * 33.0 for n in range(60)]
    assert measured([*first, *(t + 5000 for t in first)]).missing == 0
    rate = measured(first)
    rate.restart()
    rate.add(round((first[-1] + 500) * MS))
    assert rate.missing == 0
    assert rate.fps == 0.0


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_jitter_and_a_consumer_that_stalls_invent_nothing(fps: float) -> None:
    rng = np.random.default_rng(0)
    interval_ms = 1000 / fps
    even = np.arange(round(60 * fps)) * interval_ms
    late = even.copy()
    stall_ms = 0.0
    while stall_ms < even[-1]:  # held up for up to half a second, then all at once
        stall_ms += rng.uniform(600, 2000)
        held = (late >= stall_ms) & (late < stall_ms + rng.uniform(100, 450))
        late[held] = late[held].max(initial=0.0) + 2.0 * np.arange(held.sum())
    for times in (late, even + rng.exponential(0.5 * interval_ms, even.size)):
        arrived = np.maximum.accumulate(times) + 1e-3 * np.arange(even.size)
        assert measured(list(arrived)).missing <= 0.01 * even.size


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_every_third_frame_missing_is_not_overlooked(fps: float) -> None:
    times = [n * 1000 / fps for n in range(1800) if n % 3 != 2]
    assert measured(times).missing == pytest.approx(600, rel=0.05)


def test_what_was_missing_never_becomes_less_once_settled() -> None:
    rate = FrameRate(outage_s=1.2)
    rng = np.random.default_rng(2)
    seen = []
    for n in range(600):
        if rng.random() > 0.1:
            rate.add(round(n * 10 * MS + rng.uniform(-1, 1) * MS))
        seen.append(rate.missing)
    lowest_later = [min(seen[i + 60 :]) for i in range(0, len(seen) - 60, 60)]
    assert all(b >= a for a, b in pairwise(lowest_later))
    assert seen[-1] == pytest.approx(60, rel=0.4)


def read_by_a_slow_reader(fps: float, read_ms: float, count: int) -> list[tuple[float, float]]:
    """Times and waits of a reader that takes `read_ms` on average for each frame, in ms."""
    rng = np.random.default_rng(3)
    now, read = 0.0, []
    for n in range(count):
        came = max(now, n * 1000 / fps)
        read.append((came + 0.3, came - now + 0.3))
        now = came + rng.exponential(read_ms)
    return read


@pytest.mark.parametrize(("fps", "read_ms"), [(60, 70), (60, 20), (60, 15), (30, 30), (600, 3)])
def test_a_reader_that_cannot_keep_up_invents_nothing(fps: float, read_ms: float) -> None:
    rate = FrameRate(outage_s=1.2)
    for time_ms, waited_ms in read_by_a_slow_reader(fps, read_ms, 2000):
        rate.add(round(time_ms * MS), round(waited_ms * MS))
    assert rate.missing == 0


def test_a_reader_that_is_slow_for_a_while_leaves_what_was_counted_and_goes_on() -> None:
    rate = FrameRate(outage_s=1.2)
    now = 0.0
    for n in range(900):
        if n in (100, 700):  # lost
            continue
        came = max(now, n * 1000 / 30)
        rate.add(round(came * MS), round((came - now) * MS))
        now = came + (50 if 300 <= n < 400 else 5)
        if n == 299:
            assert rate.missing == 1
    assert rate.missing == 2


def test_a_frame_that_came_damaged_is_not_missing() -> None:
    rate = FrameRate(outage_s=1.2)
    for n in range(300):
        if n % 20 == 19:
            rate.came_damaged(1)
        elif n not in (110, 111):
            rate.add(round(n * 1000 / 30 * MS))
    assert rate.missing == 2


def test_a_clock_that_begins_anew_is_no_loss() -> None:
    times = [n * 33.0 for n in range(100)]
    assert measured([*times, *(t + 7 for t in times)]).missing == 0


def test_an_outage_is_no_slow_rate() -> None:
    rate = LocalRate()
    for n in range(40):
        before = rate.add(n * S // 30)
    assert before == pytest.approx(30, rel=0.01)
    after = [rate.add(40 * S // 30 + 5 * S + n * S // 30) for n in range(6)]
    assert after[:3] == [0.0] * 3
    assert after[3:] == pytest.approx([30.0] * 3, rel=0.01)


def test_a_film_of_one_frame_in_two_seconds_has_that_rate() -> None:
    rate = LocalRate()
    assert [rate.add(2 * n * S) for n in range(8)][-4:] == [0.5] * 4
