"""The last seconds in slots: peaks, gaps, and time that goes back."""

import math

from realtime.dashboard.motion_history import LANES, SLOT_S, WINDOW_S, MotionHistory, MotionSample
from realtime.motion.regions import Stream
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity

REST = (0.0,) * len(LANES)


def sample(t_s, score=1.0, lanes=REST, judged=True):
    scores = None if score is None else (score,) * len(Stream)
    return MotionSample(t_s, scores, lanes, judged)


def test_every_slot_takes_the_largest_of_its_frames():
    history = MotionHistory()
    for k in range(1200):  # 120 frames a second
        history.note(sample(k / 120, 9.0 if k == 601 else 1.0))
    window = history.window(UNKNOWN)
    values = window.traces[0].values
    assert len(values) == round(WINDOW_S / SLOT_S)
    assert max(values) == 9.0
    assert values.index(9.0) == math.floor(601 / 120 / SLOT_S)
    assert all(window.judged)


def test_frames_rarer_than_slots_leave_no_holes_and_a_gap_is_not_judged():
    history = MotionHistory()
    for k in range(60):
        history.note(sample(k / 15))
    history.note(sample(6.0))
    window = history.window(UNKNOWN)
    newest = len(window.judged) - 1
    gap = [newest - round(2.0 / SLOT_S) + 3, newest - 1]
    assert all(math.isnan(window.traces[0].values[k]) and not window.judged[k] for k in gap)
    known = window.judged[newest - round(5.9 / SLOT_S) : newest - round(2.1 / SLOT_S)]
    assert all(known)


def test_a_slot_with_one_frame_that_is_not_judged_is_not():
    history = MotionHistory()
    history.note(sample(0.001))
    history.note(sample(0.002, None, judged=False))
    window = history.window(UNKNOWN)
    assert not window.judged[-1]
    assert window.traces[0].values[-1] == 1.0


def test_time_that_goes_back_begins_anew():
    history = MotionHistory()
    history.note(sample(9.0))
    history.note(sample(1.0))
    assert history.window(UNKNOWN).end_s < 1.1


def test_the_threshold_is_that_of_the_half_of_the_face():
    history = MotionHistory()
    history.note(sample(0.0))
    window = history.window(Sensitivity(0.01, 0.02, 4.0, 6.0))
    assert {trace.name: trace.threshold for trace in window.traces} == {
        "brows": 4.0, "lids": 4.0, "eyes": 4.0, "midface": 6.0, "mouth": 6.0
    }  # fmt: skip
    assert all(math.isnan(trace.threshold) for trace in history.window(UNKNOWN).traces)
