"""Pictures go, numbers stay; of a clip the wanted part alone."""

import json
import os
from shutil import copytree

import av
import cv2
import numpy as np
import pytest

from realtime.cli.retention import redact
from realtime.recording.session import open_session
from realtime.recording.session_folder import SessionFolder
from tests.realtime.review.made_session import event, write_clip, write_events, write_record


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, portrait):
    folder = tmp_path_factory.mktemp("out") / "20260101-000001-0001"
    write_record(folder, reason="the source ended")
    box = [120, 20, 320, 270]
    stills = ["stills/0001_onset.png", "stills/0001_displacement.png"]
    write_events(folder, [event("0001", 2.0, stills=stills, face_box=box)])
    write_clip(folder, "0001", 2.0, portrait, frames=4)
    (folder / "stills").mkdir()
    for name in stills:
        cv2.imwrite(str(folder / name), portrait)
    return folder


@pytest.fixture
def session(recorded, tmp_path):
    return copytree(recorded, tmp_path / recorded.name)


def pictures(session):
    found = [*session.glob("clips/*.mp4*"), *session.glob("stills/*")]
    return sorted(path.name for path in found)


def decoded(path):
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]


def test_every_picture_goes_and_every_number_stays(session, capsys):
    numbers = {
        name: (session / name).read_bytes()
        for name in ("events.jsonl", "frames.csv", "clips/0001.json")
    }
    assert redact.run([str(session)]) == 0
    assert "3 pictures removed; numbers are kept" in capsys.readouterr().out
    assert pictures(session) == []
    assert {name: (session / name).read_bytes() for name in numbers} == numbers
    read = open_session(session)
    assert read.record.redacted == "none"
    assert len(read.events) == 1
    assert read.clips == {}
    assert not (session / "redacted").exists()


@pytest.mark.parametrize(("part", "least", "most"), [("mouth", 0.002, 0.05), ("mesh", 0.01, 0.3)])
def test_a_part_of_the_face_stays_and_all_else_is_black(session, part, least, most, landmark_model):
    before = decoded(session / "clips/0001.mp4")
    assert redact.run([str(session), "--keep", part, "--face-model", str(landmark_model)]) == 0
    assert pictures(session) == ["0001.mp4", "0001_onset.png"]
    after = decoded(session / "clips/0001.mp4")
    assert (
        len(after)
        == len(before)
        == len(json.loads((session / "clips/0001.json").read_text())["t_ns"])
    )
    for picture in (*after, cv2.imread(str(session / "stills/0001_onset.png"))):
        shown = (picture.max(axis=2) > 40).mean()  # of a compressed picture black is nearly so
        assert least < shown < most
    if part == "mesh":
        grey = after[0].astype(int)
        assert np.abs(np.diff(grey, axis=2)).max() < 40  # lines are white: no colour of the skin
    assert os.stat(session / "stills/0001_onset.png").st_mode & 0o077 == 0
    assert open_session(session).record.redacted == part


def test_killed_before_the_originals_went_it_finishes(session, monkeypatch):
    """At the first original that goes, and then again from the start."""
    replace = SessionFolder.replace

    def fail(self, relative, data):
        replace(self, relative, data)
        raise KeyboardInterrupt

    monkeypatch.setattr(SessionFolder, "replace", fail)
    assert redact.run([str(session)]) == 130
    assert len(pictures(session)) == 3
    monkeypatch.undo()
    assert redact.run([str(session)]) == 0
    assert pictures(session) == []


def test_what_was_redacted_is_not_made_of_less(session, landmark_model, capsys):
    assert redact.run([str(session)]) == 0
    assert redact.run([str(session), "--keep", "mesh"]) == 2
    assert "of its pictures stays none" in capsys.readouterr().err
    assert redact.run([str(session)]) == 0
