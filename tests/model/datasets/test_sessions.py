import json
import shutil

import pytest

from model.datasets.registry import NAMES, load
from model.datasets.sessions import load as load_sessions
from realtime.errors import DataError
from realtime.recording.labels import LabelFile
from tests.realtime.review.made_session import event as made_event
from tests.realtime.review.made_session import write_record
from tests.realtime.study.made_study import label, write_labels


def event(identity, **more):
    stills = [f"stills/{identity}_onset.png", f"stills/{identity}_apex.png"]
    frames = {"onset_frame": 30, "apex_frame": 36, "onset_s": 1.0}
    return made_event(identity, 1.2) | frames | {"stills": stills, "clip": None} | more


@pytest.fixture
def session(tmp_path):
    folder = tmp_path / "20260101-100000-0001"
    (folder / "stills").mkdir(parents=True)
    events = [event("0001", face_box=[9, 8, 70, 90]), event("0002")]
    events += [event("0001", revises=True, apex_frame=37, apex_s=1.25, face_box=[9, 8, 70, 90])]
    events += [event("0003"), event("0004", apex_frame=30), event("0005")]
    lines = [json.dumps(each) for each in events] + ['{"id": "0006", "kind": "micro"}']
    (folder / "events.jsonl").write_text("\n".join([*lines, '{"id": "0005", "on']))
    for identity in ("0001", "0002", "0004", "0005"):
        for name in ("onset", "apex"):
            (folder / f"stills/{identity}_{name}.png").touch()
    words = {"0001": "surprise", "0002": "none", "0003": "negative", "0004": "positive"}
    words |= {"0005": "negative", "random-0001": "none"}
    write_labels(folder, "anna", *(label(item, word) for item, word in words.items()))
    write_labels(folder, "bert", label("0001", "surprise"), label("0005", "micro"))
    return folder


def test_coded_events_are_records_with_their_last_times(session):
    dataset = load_sessions(session.parent)
    first, second = dataset.records
    assert (first.onset, first.apex, first.emotion) == (30, 37, "surprise")
    assert first.fps == pytest.approx(7 / 0.25)
    assert first.frames[37].name == "0001_apex.png"
    assert first.subject == session.name
    assert second.valence_raw == "none"
    assert (first.face_box, second.face_box) == ((9, 8, 70, 90), None)
    reasons = " ".join(dataset.report.summary())
    for reason in ("no event of that id", "coders differ", "stills", "not an event", "apex"):
        assert reason in reasons


def test_the_participant_is_the_subject(session):
    write_record(session)
    record = json.loads((session / "session.json").read_text())
    (session / "session.json").write_text(json.dumps(record | {"participant": "P07"}))
    assert {record.subject for record in load_sessions(session.parent).records} == {"P07"}


def test_sessions_nobody_coded_are_refused(session):
    shutil.rmtree(session / "labels")
    with pytest.raises(DataError, match="holds no coded session"):
        load_sessions(session.parent)


def test_datasets_are_named_with_their_folder(session, tmp_path):
    assert load(f"sessions={session.parent}").name == "sessions"
    with pytest.raises(DataError, match="casme2"):
        load("casme9=/tmp")
    with pytest.raises(DataError, match="NAME=DIR"):
        load("casme2")
    with pytest.raises(DataError, match="not a folder"):
        load(f"casme2={tmp_path / 'nowhere'}")
    LabelFile(session, "anna").remove("0001", "0002")
    LabelFile(session, "bert").remove("0001")
    with pytest.raises(DataError, match="no usable clip"):
        load(f"sessions={session.parent}")


@pytest.mark.parametrize("name", NAMES)
def test_every_named_dataset_refuses_an_empty_folder(tmp_path, name):
    with pytest.raises(DataError):
        load(f"{name}={tmp_path}")
