"""What a study is made of: sessions, whose they are, of which condition."""

import json
import time

import pytest

from realtime.errors import DataError
from realtime.study.study import open_study
from tests.realtime.review.made_session import event, write_events, write_record
from tests.realtime.study.made_study import write_session


def test_every_session_below_a_folder_is_of_the_study(tmp_path):
    write_session(tmp_path / "b/20260102-100000-0002", participant="P07", condition="sad")
    write_session(tmp_path / "a/x/20260101-100000-0001")
    write_session(tmp_path / ".trash/20260101-100000-0003")
    (tmp_path / "a/notes.txt").write_text("")
    study = open_study(tmp_path)
    assert [(of.name, of.participant, of.condition) for of in study.sessions] == [
        ("a/x/20260101-100000-0001", "", ""),
        ("b/20260102-100000-0002", "P07", "sad"),
    ]
    assert [len(of.session.events) for of in study.sessions] == [1, 1]
    assert study.troubles == ()


def test_a_session_alone_is_a_study(tmp_path):
    folder = write_session(tmp_path / "20260101-100000-0001", participant="P07")
    (only,) = open_study(folder).sessions
    assert (only.name, only.participant) == ("20260101-100000-0001", "P07")


def test_of_a_film_that_was_analysed_again_the_newest_whole_session_counts(tmp_path):
    film = tmp_path / "day 1/anna.mp4"
    for number, reason in enumerate(["the source ended", "the source ended", None], start=1):
        folder = film / f"2026010{number}-100000-000{number}"
        write_events(folder, [event("0001", 2.0)])
        write_record(folder, reason=reason)
    (film / "batch.json").write_text("{}")
    (only,) = open_study(tmp_path).sessions
    assert only.name == "day 1/anna.mp4/20260102-100000-0002"
    for folder in sorted(film.glob("*/session.json"))[:2]:
        folder.unlink()
    (only,) = open_study(tmp_path).sessions
    assert only.name == "day 1/anna.mp4/20260103-100000-0003"


def test_the_table_of_participants_says_what_a_session_does_not(tmp_path):
    write_session(tmp_path / "P07/20260101-100000-0001")
    write_session(tmp_path / "P08.mp4/20260101-100000-0001")
    write_session(tmp_path / "P08.mp4/20260101-100000-0002", participant="P09", condition="own")
    write_session(tmp_path / "P10/20260101-100000-0001", participant="P08")
    table = "age\tparticipant_id\tcondition\tnotes\r\n31\tP07\tsad\tn/a\r\n29\tP08\tn/a\tlate\r\n"
    (tmp_path / "participants.tsv").write_bytes(b"\xef\xbb\xbf" + table.encode())
    study = open_study(tmp_path)
    assert [(of.participant, of.condition) for of in study.sessions] == [
        ("P07", "sad"),
        ("P08", ""),
        ("P09", "own"),
        ("P08", ""),
    ]
    assert study.participants.columns == ("age", "participant_id", "condition", "notes")
    assert study.participants.rows["P07"]["age"] == "31"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("name\tcondition\nP07\tsad\n", "participant_id"),
        ("participant_id\tage\tage\n", "different columns"),
        ("participant_id\tage\nP07\n", "line 2 has 1 cells, not 2"),
        ("participant_id\nP07\nP07\n", "line 3: 'P07' has a row already"),
        ("", "participant_id"),
    ],
)
def test_a_table_of_participants_that_is_none_is_said(tmp_path, table, says):
    write_session(tmp_path / "20260101-100000-0001")
    (tmp_path / "participants.tsv").write_text(table)
    with pytest.raises(DataError, match=says):
        open_study(tmp_path)


def test_what_is_no_study_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no session"):
        open_study(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        open_study(tmp_path / "nowhere")


def test_a_session_that_cannot_be_read_is_said_and_the_others_are_read(tmp_path):
    write_session(tmp_path / "20260101-100000-0001")
    spoilt = write_session(tmp_path / "20260101-100000-0002")
    (spoilt / "session.json").write_text("{")
    (tmp_path / "20260101-100000-0003/events.jsonl").mkdir(parents=True)
    (tmp_path / "20260101-100000-0003/session.json").write_text("{}")
    study = open_study(tmp_path)
    assert [of.name[-1] for of in study.sessions] == ["1", "2"]
    assert len(study.troubles) == 2


def test_fifty_sessions_open_in_under_two_seconds_of_the_processor(tmp_path):
    events = [event(f"{n:04d}", float(n)) for n in range(1, 21)]
    for number in range(50):
        write_session(tmp_path / f"P{number:02d}/20260101-100000-0001", *events)
    began = time.process_time()
    assert len(open_study(tmp_path).sessions) == 50
    assert time.process_time() - began < 2.0


def test_a_record_of_an_earlier_version_names_nobody(tmp_path):
    write_session(tmp_path / "20260101-100000-0001")
    path = tmp_path / "20260101-100000-0001/session.json"
    record = json.loads(path.read_text())
    del record["participant"], record["condition"]
    path.write_text(json.dumps(record))
    (only,) = open_study(tmp_path).sessions
    assert (only.participant, only.condition) == ("", "")
    assert only.session.record is not None
