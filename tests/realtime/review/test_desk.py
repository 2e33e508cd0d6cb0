"""Answers: kept at once, undone, never given unseen."""

import pytest
from pydantic import ValidationError

from realtime.errors import DataError
from realtime.recording.labels import LabelFile, read_labels
from realtime.review.desk import AnswerForm, AnswerRefused, ReviewDesk, ReviewTask
from realtime.study.queue import flagged_queue
from realtime.study.study import open_study
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import write_session


@pytest.fixture
def desk(tmp_path):
    write_session(tmp_path, event("0001", 2.0), event("0002", 5.0))
    queue = flagged_queue(open_study(tmp_path), retracted=False)
    return ReviewDesk("anna", [ReviewTask(of, item) for of, item in queue])


def form(desk, number, word="none", **more):
    before = desk.label(number)
    given = {
        "ticket": desk.ticket(number),
        "replaces": "" if before is None else before.answered_at,
        "answer": word,
        **{"onset_s": 1.8, "apex_s": 2.0, "offset_s": 2.2},
    }
    return AnswerForm.model_validate(given | more)


def on_disk(desk):
    said = read_labels(desk.tasks[0].of.session.folder).get("anna", ())
    return {label.item: label.word for label in said}


def test_an_answer_is_on_the_disk_when_the_call_returns(desk):
    units = [["12", "right", "B"], ["4", "both", ""]]
    label = desk.answer(0, form(desk, 0, "micro", emotion="negative", units=units, confidence=4))
    assert on_disk(desk) == {"0001": "negative"}
    assert (label.stratum, label.apex_s, label.confidence) == ("flagged", 2.0, 4)
    assert [unit.side for unit in label.units] == ["right", "both"]


def test_what_is_none_has_no_class_units_or_times(desk):
    units = [["12", "right", "B"]]
    label = desk.answer(0, form(desk, 0, "none", emotion="negative", units=units))
    assert (label.emotion, label.units, label.apex_s) == ("", (), None)


def test_an_answer_to_a_clip_that_was_not_sent_is_refused(desk):
    for ticket in ("made up", desk.ticket(1)):
        with pytest.raises(AnswerRefused, match="was not shown"):
            desk.answer(0, form(desk, 0, ticket=ticket))
    assert on_disk(desk) == {}


def test_an_answer_that_overlooks_another_is_refused(desk):
    late = form(desk, 0, "unsure")
    desk.answer(0, form(desk, 0, "none"))
    with pytest.raises(AnswerRefused, match="another window"):
        desk.answer(0, late)
    assert on_disk(desk) == {"0001": "none"}


def test_undo_gives_back_what_was_there_before(desk):
    first = desk.answer(0, form(desk, 0, "micro"))
    second = desk.answer(0, form(desk, 0, "none", replaces=first.answered_at))
    assert desk.undo(0, second.answered_at) == first
    assert on_disk(desk) == {"0001": "micro"}
    assert desk.undo(0, first.answered_at) is None
    assert on_disk(desk) == {}


def test_an_answer_of_an_earlier_run_can_be_taken_back(desk):
    label = desk.answer(0, form(desk, 0))
    again = ReviewDesk("anna", desk.tasks)
    assert again.undo(0, label.answered_at) is None
    assert on_disk(desk) == {}


def test_a_torn_line_of_a_kill_costs_nothing_else(desk):
    desk.answer(0, form(desk, 0))
    folder = desk.tasks[0].of.session.folder
    with (folder / "labels" / "anna.jsonl").open("a") as file:
        file.write('{"schema": 1, "item": "00')
    again = ReviewDesk("anna", desk.tasks)
    assert "never finished" in again.troubles[0]
    again.answer(1, form(again, 1))
    assert LabelFile(folder, "anna").labels.keys() == {"0001", "0002"}


@pytest.mark.parametrize(
    "more",
    [
        {"answer": "perhaps"},
        {"emotion": "angry"},
        {"confidence": 6},
        {"comment": "x" * 2001},
        {"units": [["12", "above", "B"]]},
        {"units": [["12", "both", ""]] * 41},
        {"apex_s": "NaN"},
        {"coder": "mallory"},
    ],
)
def test_nonsense_is_no_form(desk, more):
    with pytest.raises(ValidationError):
        form(desk, 0, **more)


def test_marks_out_of_order_are_refused(desk):
    with pytest.raises(DataError, match="order"):
        desk.answer(0, form(desk, 0, "micro", onset_s=3.0))
