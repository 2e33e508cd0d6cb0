"""Seconds judged and not judged add up to those seen."""

import numpy as np
import pytest

from realtime.face.assessability import Assessable
from realtime.face.judged_time import NO_FRAMES, JudgedTimer, UnjudgedSpan, Verdict, judged_time

YES, DARK, AWAY = Assessable.YES, Assessable.TOO_DARK, Assessable.TURNED_AWAY


def test_time_goes_to_the_later_frame_s_verdict_and_a_gap_to_nobody():
    verdicts = [(0.0, DARK), (0.1, DARK), (0.2, YES), (0.3, YES), (2.3, YES), (2.4, AWAY)]
    found = judged_time(Verdict(*each) for each in verdicts)
    assert found.seen_s == pytest.approx(2.4)
    assert found.judged_s == pytest.approx(0.2 + 0.25)
    assert dict(found.not_judged_s) == pytest.approx(
        {NO_FRAMES: 1.75, DARK.value: 0.1, AWAY.value: 0.1}
    )
    assert next(iter(found.not_judged_s)) == NO_FRAMES  # the longest first


def test_a_film_of_few_frames_is_low_rate_and_not_a_film_without_frames():
    found = judged_time(Verdict(k / 2, Assessable.LOW_RATE) for k in range(5))
    assert dict(found.not_judged_s) == {Assessable.LOW_RATE.value: 2.0}


@pytest.mark.parametrize("seed", range(20))
def test_the_sum_is_what_was_seen(seed):
    random = np.random.default_rng(seed)
    times = np.cumsum(random.exponential(0.1, 300))
    kinds = list(Assessable)
    timer = JudgedTimer()
    for t_s in times:
        timer.note(
            Verdict(float(t_s), kinds[random.integers(len(kinds))]),
            speech_masked=bool(random.random() < 0.5),
        )
    found = timer.time()
    assert found.judged_s + sum(found.not_judged_s.values()) == pytest.approx(found.seen_s)
    assert 0 <= found.speech_masked_s <= found.judged_s


def test_a_stretch_is_told_when_it_has_ended():
    timer = JudgedTimer()
    for k, verdict in enumerate([YES, DARK, DARK, DARK, AWAY, YES, YES]):
        timer.note(Verdict(k / 10, verdict))
    dark, away = timer.ended_spans()
    assert dark == UnjudgedSpan(pytest.approx(0.0), pytest.approx(0.3), DARK.value)
    assert away == UnjudgedSpan(pytest.approx(0.3), pytest.approx(0.4), AWAY.value)
    assert timer.ended_spans() == []
