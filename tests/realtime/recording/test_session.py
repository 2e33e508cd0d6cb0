"""The one reader of a session folder, and the public name of it."""

import json
import subprocess
import sys

import pytest

import realtime
from realtime.errors import DataError
from realtime.recording.session import open_session
from realtime.recording.session_record import SessionOutcome
from tests.paths import ROOT
from tests.realtime.review.made_session import event, write_clip, write_events, write_record
from tests.realtime.study.made_study import label, write_labels


@pytest.fixture
def folder(tmp_path, portrait):
    write_record(tmp_path, source="interview.mp4", reason="the source ended")
    events = [
        event("0001", 2.0),
        event("0002", 4.0, kind="rejected", clip=None, confounders=["blink"]),
        event("0001", 2.1, kind="macro", revises=True),
    ]
    write_events(tmp_path, events)
    write_clip(tmp_path, "0001", 2.0, portrait[:96, :128], frames=4)
    write_labels(tmp_path, "anna", label("0001", "surprise"))
    return tmp_path


def test_events_come_with_their_revisions_applied(folder):
    session = open_session(folder)
    assert [(e.id, e.kind, e.apex_s) for e in session.events] == [
        ("0001", "macro", 2.1),
        ("0002", "rejected", 4.0),
    ]
    assert [(e.id, e.kind, e.apex_s) for e in session.flagged] == [("0001", "micro", 2.0)]
    assert len(session.lines) == 3
    assert [said.word for said in session.labels["anna"]] == ["surprise"]
    assert session.record.source == "interview.mp4"
    assert session.record.outcome is SessionOutcome.DONE
    assert session.judged.judged_s == pytest.approx(9.0)
    assert session.troubles == []


def test_a_clip_says_when_it_begins_and_what_it_lacks(folder):
    (clip,) = open_session(folder).clips.values()
    assert clip.first_frame_s == pytest.approx(1.4)
    assert (clip.degraded, clip.missing_pre_roll_s, clip.complete) == (False, 0.0, True)
    notes = folder / "clips/0001.json"
    changed = json.loads(notes.read_text()) | {"degraded": True, "missing_pre_roll_s": 0.4}
    notes.write_text(json.dumps(changed))
    (clip,) = open_session(folder).clips.values()
    assert (clip.degraded, clip.missing_pre_roll_s) == (True, 0.4)
    notes.write_text("{")
    (clip,) = open_session(folder).clips.values()
    assert (clip.degraded, clip.first_frame_s) == (True, None)


def test_what_is_spoilt_is_told_and_the_rest_is_read(folder):
    path = folder / "events.jsonl"
    path.write_bytes(b"\xff\n" + path.read_bytes())
    (folder / "session.json").write_text('{"schema": 1}')
    session = open_session(folder)
    assert [e.id for e in session.events] == ["0001", "0002"]
    assert session.record is None
    assert len(session.troubles) == 2
    (folder / "frames.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"frames\.csv is not a table of frames"):
        session.judged  # noqa: B018


def test_what_is_no_session_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"is not a session: there is no session\.json"):
        open_session(tmp_path)


def test_the_public_name_is_the_same_reader():
    assert realtime.open_session is open_session
    with pytest.raises(AttributeError):
        realtime.nothing  # noqa: B018


def test_importing_the_package_loads_no_library_and_forbids_telemetry():
    code = (
        "import sys, os, realtime\n"
        "heavy = {'cv2', 'numba', 'numpy', 'pydantic', 'onnxruntime', 'av'} & set(sys.modules)\n"
        "sys.exit(bool(heavy) or os.environ['ORT_DISABLE_TELEMETRY'] != '1')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
