"""How findings become lines, with an engine that answers when the test says."""

import json
from dataclasses import replace

import numpy as np
import pytest

from realtime.capture.held_frame import Frame
from realtime.engine.process import Answered
from realtime.event import ActionUnit, Classification
from realtime.motion.regions import Stream
from realtime.recording.event_tracker import EventTracker
from realtime.spotting.face_spotter import FaceFinding
from realtime.spotting.spotter import Finding

VERDICT = Classification("surprise", (0.1, 0.2, 0.7), 0.9, "scripted")


class ScriptedEngine:
    """Answers a ticket when `answer` is called."""

    def __init__(self, takes=True):
        self.takes, self.tickets, self.done = takes, [], []

    def submit(self, ticket, pair):
        self.tickets.append(ticket)
        return self.takes

    def answer(self, ticket, verdict=VERDICT):
        failure = None if verdict else "its process died"
        self.done.append(Answered(ticket, verdict, None, 90.0, failure))

    def poll(self):
        done, self.done = self.done, []
        return done

    def wait(self, ticket, timeout_s=60.0, *, for_load=False):
        return Answered(ticket, VERDICT, None, 90.0, None)


def found(of=None, **changes):
    """A finding with its frames."""
    of = of or finding(**changes)
    pair = np.zeros((2, 224, 224), np.float32) if of.kind == "micro" else None
    frames = (round(t_ns / 33e6) for t_ns in (of.onset_ns, of.apex_ns, of.offset_ns))
    crop = np.zeros((224, 224), np.uint8)
    return FaceFinding(0, of, *frames, (200.2, 90.0, 419.7, 370.0), crop, pair)


def finding(kind="micro", number=1, **changes):
    plain = Finding(
        number, kind, Stream.BROWS, 5_000_000_000, 5_150_000_000, 5_350_000_000,
        0.02, 8.0, (0.0, 1.0, 0.0, 0.0, 0.0, 0.0), 0.7, (),
    )  # fmt: skip
    return replace(plain, **changes)


NOW = Frame(160, 5_430_000_000, np.zeros((1, 1, 3), np.uint8))


@pytest.fixture
def tracker_with():
    def make(engine, *, wait=False, answer_s=60.0):
        lines = []
        events = EventTracker(engine=engine, log=lines, recorder=None, wait=wait, answer_s=answer_s)
        return events, lines

    return make


class ClipNames:
    """In the place of a recorder: every event asked for gets a clip's name."""

    def record(self, event_id, onset_ns, apex_ns, offset_ns):
        return f"clips/{event_id}.mp4"

    def save_stills(self, *_):
        return ()


@pytest.mark.parametrize("of_all", [False, True])
def test_rejected_movements_get_a_clip_on_request(of_all):
    lines = []
    events = EventTracker(
        engine=None,
        log=lines,
        recorder=ClipNames(),
        wait=False,
        answer_s=60.0,
        clips_of_all=of_all,
    )
    events.record(found(), NOW)
    events.record(found(replace(finding("rejected", confounders=("blink",)), number=2)), NOW)
    clips = [event.clip for event in lines]
    assert clips == ["clips/0001.mp4", "clips/0002.mp4" if of_all else None]


def test_a_class_in_time_is_in_the_only_line(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    events.collect_answers(NOW.t_ns)
    assert lines == []
    engine.answer(1)
    events.collect_answers(NOW.t_ns)
    (event,) = lines
    assert (event.id, event.label, event.revises) == ("0001", "surprise", False)
    assert event.flagged_s == pytest.approx(5.43)
    assert json.loads(event.to_json())["face_box"] == [200, 90, 420, 370]


def test_what_the_network_doubts_says_so_while_it_stands(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    engine.answer(1, replace(VERDICT, micro_probability=0.2, doubted=True))
    events.collect_answers(NOW.t_ns)
    events.record(found(finding("rejected", confounders=("blink",), revises=True)), NOW)
    told = [json.loads(event.to_json())["confounders"] for event in lines]
    assert told == [["network doubts"], ["blink"]]


def test_named_units_are_written_with_side_amplitude_and_probability(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    named = ActionUnit("4", "left", 0.0163214, 0.81239)
    engine.done.append(Answered(1, VERDICT, None, 90.0, None, (named,)))
    events.collect_answers(NOW.t_ns)
    told = [json.loads(event.to_json())["action_units"] for event in lines]
    expected = {"unit": "4", "side": "left", "amplitude_iod": 0.01632, "probability": 0.8124}
    assert told == [[expected]]


def test_a_late_class_revises(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine, answer_s=0.0)
    events.record(found(), NOW)
    events.collect_answers(NOW.t_ns)
    engine.answer(1)
    events.collect_answers(NOW.t_ns)
    assert [(e.label, e.revises) for e in lines] == [("unclassified", False), ("surprise", True)]


@pytest.mark.parametrize("engine", [None, ScriptedEngine(takes=False)], ids=["none", "full"])
def test_without_an_answer_it_is_unclassified_at_once(tracker_with, engine):
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    assert [(e.label, e.kind) for e in lines] == [("unclassified", "micro")]


def test_an_engine_that_died_leaves_it_unclassified(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    engine.answer(1, None)
    events.collect_answers(NOW.t_ns)
    assert [e.label for e in lines] == ["unclassified"]


def test_waiting_gives_one_line_at_once(tracker_with):
    events, lines = tracker_with(ScriptedEngine(), wait=True)
    events.record(found(), NOW)
    assert [e.label for e in lines] == ["surprise"]


def test_a_movement_that_stayed_is_retracted(tracker_with):
    events, lines = tracker_with(ScriptedEngine(), wait=True)
    events.record(found(), NOW)
    later = finding(kind="macro", offset_ns=6_000_000_000, revises=True)
    events.record(found(later), NOW)
    assert [(e.id, e.kind, e.revises) for e in lines] == [
        ("0001", "micro", False),
        ("0001", "macro", True),
    ]
    assert lines[1].offset_s == pytest.approx(6.0)
    assert lines[1].label == "surprise"
    assert dict(events.counts()) == {"macro": 1}


def test_rejected_ones_ask_nobody_and_are_counted(tracker_with):
    engine = ScriptedEngine()
    events, _ = tracker_with(engine)
    for number in range(20):
        events.record(found(finding("rejected", number, confounders=("blink",))), NOW)
    events.record(found(finding(number=30)), NOW)
    events.close()
    assert engine.tickets == [1]
    assert dict(events.counts()) == {"rejected": 20, "micro": 1}
    assert [e.kind for e in events.newest()].count("rejected") == 20
    assert [e.id for e in events.newest()] == [f"{n:04d}" for n in range(1, 22)]


def test_of_many_events_the_newest_are_held_and_all_are_counted(tracker_with):
    events, lines = tracker_with(None)
    for number in range(300):
        apex_ns = 5_150_000_000 + number * 1_000_000_000
        events.record(found(finding(number=number, apex_ns=apex_ns)), NOW)
        events.collect_answers(apex_ns)
    assert len(lines) == 300
    assert dict(events.counts()) == {"micro": 300}
    assert [e.id for e in events.newest()] == [f"{n:04d}" for n in range(101, 301)]


def test_a_flag_that_is_retracted_leaves_the_list_and_says_why(tracker_with):
    events, lines = tracker_with(None)
    events.record(found(), NOW)
    retracted = finding("rejected", confounders=("mouth activity",), revises=True)
    events.record(found(retracted), NOW)
    assert [(e.kind, e.revises) for e in lines] == [("micro", False), ("rejected", True)]
    assert lines[-1].confounders == ("mouth activity",)
    assert events.counts() == {"rejected": 1}
    assert [e.kind for e in events.newest()] == ["rejected"]


def test_a_flag_whose_second_stage_does_not_come_is_marked_and_stands(tracker_with):
    events, lines = tracker_with(None)
    events.record(found(), NOW)
    events.mark_unconfirmed(0, 1)
    events.mark_unconfirmed(0, 7)  # of no event that is known
    assert [(e.kind, e.reasons, e.revises) for e in lines] == [
        ("micro", (), False),
        ("micro", ("not confirmed",), True),
    ]
    assert events.counts() == {"micro": 1}
    assert events.newest()[0].confounders == ("not confirmed",)


def test_a_mark_waits_for_the_class_and_comes_in_the_same_line(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    events.mark_unconfirmed(0, 1)
    assert lines == []
    engine.answer(1)
    events.collect_answers(NOW.t_ns)
    assert [(e.label, e.reasons, e.revises) for e in lines] == [
        ("surprise", ("not confirmed",), False)
    ]


def test_a_face_that_is_lost_and_found_again_loses_no_event(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    events.record(found(), NOW)  # the numbers begin anew with the face
    engine.answer(2)
    events.collect_answers(NOW.t_ns)
    assert [(e.id, e.label) for e in lines] == [("0001", "unclassified"), ("0002", "surprise")]


class Shelf:
    """Takes stills and clips, and says where they are."""

    def __init__(self):
        self.stills = []

    def record(self, event_id, *times_ns):
        return f"clips/{event_id}.mp4"

    def save_stills(self, event_id, onset_ns, apex_ns, crop, displacement):
        self.stills.append((event_id, onset_ns, apex_ns))
        return (f"stills/{event_id}_onset.png", f"stills/{event_id}_apex.png")


@pytest.mark.parametrize("wait", [False, True])
def test_a_revision_that_moves_the_apex_is_classified_again_with_stills_of_its_own(wait):
    engine, shelf, lines = ScriptedEngine(), Shelf(), []
    events = EventTracker(engine=engine, log=lines, recorder=shelf, wait=wait, answer_s=60.0)
    events.record(found(), NOW)
    if not wait:
        engine.answer(1)
        events.collect_answers(NOW.t_ns)
    events.record(found(finding(apex_ns=5_190_000_000, revises=True)), NOW)
    if not wait:
        assert len(lines) == 1  # the revision waits for its class
        engine.answer(2, replace(VERDICT, label="positive"))
        events.collect_answers(NOW.t_ns)
    assert engine.tickets == [1, 2]
    assert [(e.apex_s, e.revises) for e in lines] == [(5.15, False), (5.19, True)]
    assert lines[1].label == ("surprise" if wait else "positive")
    assert lines[1].stills == lines[0].stills
    assert [apex_ns for _, _, apex_ns in shelf.stills] == [5_150_000_000, 5_190_000_000]


def test_an_answer_about_the_pair_before_is_not_taken_for_the_revised_one(tracker_with):
    engine = ScriptedEngine()
    events, lines = tracker_with(engine)
    events.record(found(), NOW)
    events.record(found(finding(apex_ns=5_190_000_000, revises=True)), NOW)
    engine.answer(1)
    events.collect_answers(NOW.t_ns)
    assert lines == []
    engine.answer(2, replace(VERDICT, label="positive"))
    events.collect_answers(NOW.t_ns)
    assert [(e.label, e.apex_s, e.revises) for e in lines] == [("positive", 5.19, False)]
