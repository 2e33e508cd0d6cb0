"""What alarms are worth, on clips whose truth is a line of the test."""

from benchmarks.spotting.score import OURS, ScoredClip, removals
from benchmarks.spotting.spotters import Alarm, SpotterOutcome

TRUTH = [
    {"onset_s": 5.0, "apex_s": 5.2, "offset_s": 5.4},
    {"onset_s": 9.0, "apex_s": 9.2, "offset_s": 9.4},
]


def alarm(apex_s: float, probability: float) -> Alarm:
    return Alarm(apex_s - 0.2, apex_s, apex_s + 0.2, apex_s + 0.2, probability=probability)


def clip(*alarms: Alarm) -> ScoredClip:
    told = {OURS: list(alarms)}
    return ScoredClip("a.mp4", "sim", 20.0, 20.0, TRUTH, [], None, SpotterOutcome(), told)


def test_the_removal_of_a_false_alarm_costs_the_hits_believed_no_more():
    found = removals([clip(alarm(5.2, 0.7), alarm(7.0, 0.9), alarm(9.2, 0.95), alarm(12.0, 0.6))])
    assert [(a.apex_s, price) for _, a, price in found] == [(12.0, 0), (7.0, 1)]


def test_a_second_alarm_on_a_movement_is_false():
    ((name, second, price),) = removals([clip(alarm(5.2, 0.7), alarm(5.35, 0.8))])
    assert (name, second.apex_s, price) == ("a.mp4", 5.35, 1)
