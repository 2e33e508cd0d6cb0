"""Which frames are analysed on a machine that cannot analyse all."""

from itertools import pairwise

import pytest

from realtime.capture.thinning import MAX_LAG_S, Thinning


def played(thinning: Thinning, cost_s: float, *, fps: float = 30.0, seconds: float = 30.0):
    """Numbers of the frames that a machine analyses, and its lag when each was done."""
    now_s, chosen, lags = 0.0, [], []
    for seq in range(int(seconds * fps)):
        came_s = seq / fps
        now_s = max(now_s, came_s)
        if not thinning.wants(seq):
            continue
        now_s += cost_s
        chosen.append(seq)
        lags.append(now_s - came_s)
        thinning.note(came_s, lag_s=lags[-1], cost_s=cost_s, fps=fps)
    return chosen, lags


def test_a_machine_that_keeps_up_analyses_every_frame():
    thinning = Thinning()
    chosen, _ = played(thinning, 0.02)
    assert chosen == list(range(900))
    assert (thinning.dropped, thinning.skipped, thinning.too_slow) == (0, 0, False)


@pytest.mark.parametrize(("cost_s", "step"), [(0.05, 2), (0.08, 3), (0.15, 5)])
def test_one_that_is_too_slow_analyses_every_nth_and_stays_near(cost_s, step):
    thinning = Thinning()
    chosen, lags = played(thinning, cost_s)
    late = [seq for seq in chosen if seq > 300]
    steps = {b - a for a, b in pairwise(late)}
    assert steps <= {step, step + 1}
    assert max(b - a for a, b in pairwise(chosen)) / 30 < 0.25  # the spotter's gap
    assert max(lags[len(lags) // 2 :]) < MAX_LAG_S + cost_s
    assert thinning.too_slow
    assert thinning.dropped == 900 - len(chosen)


def test_it_goes_back_to_every_frame_when_the_load_has_passed():
    thinning = Thinning()
    played(thinning, 0.06, seconds=10)
    assert thinning.step > 1
    for seq in range(300, 3000):
        if thinning.wants(seq):
            thinning.note(seq / 30, lag_s=0.0, cost_s=0.01, fps=30)
    assert not thinning.too_slow


def test_every_nth_by_choice_is_no_loss():
    thinning = Thinning(3)
    chosen, _ = played(thinning, 0.05)
    assert chosen == list(range(0, 900, 3))
    assert (thinning.skipped, thinning.dropped, thinning.too_slow) == (600, 0, False)


def test_one_short_halt_is_worked_off_without_thinning_for_long():
    thinning = Thinning()
    played(thinning, 0.01, seconds=5)
    thinning.note(5.0, lag_s=0.8, cost_s=0.01, fps=30)
    assert thinning.step == 2
    for seq in range(151, 151 + 400):
        if thinning.wants(seq):
            thinning.note(seq / 30, lag_s=0.0, cost_s=0.01, fps=30)
    assert thinning.step == 1


def test_a_fast_camera_is_not_thinned_for_minutes_after_one_overload():
    fps = 300.0
    thinning = Thinning()
    played(thinning, 0.2, fps=fps, seconds=10)
    assert thinning.step > 40
    for seq in range(3000, 3000 + int(40 * fps)):
        if thinning.wants(seq):
            thinning.note(seq / fps, lag_s=0.0, cost_s=0.002, fps=fps)
    assert thinning.step == 1


def test_a_camera_that_becomes_slower_is_analysed_without_gaps_at_once():
    thinning = Thinning()
    played(thinning, 0.09, fps=60.0, seconds=10)
    assert thinning.step > 4
    thinning.note(10.1, lag_s=0.0, cost_s=0.09, fps=7.0)
    assert thinning.step == 1
