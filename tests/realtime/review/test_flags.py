import pytest

from realtime.errors import DataError
from realtime.recording.labels_csv import Labels
from realtime.recording.session import open_session
from realtime.review.figures import figures, in_words
from realtime.review.flags import read_flags
from tests.realtime.review.made_session import ROWS, event, write_clip, write_events


@pytest.fixture
def folder(tmp_path, portrait):
    small = portrait[:96, :128]
    events = [
        event("0001", 2.0, face_box=[30, 20, 90, 80]),
        event("0002", 4.0),
        event("0003", 5.0, kind="rejected", clip=None),
        event("0001", 2.02, revises=True, face_box=[30, 20, 90, 80]),
        event("0004", 6.0, label="unclassified", probabilities=None),
        event("0002", 4.0, kind="macro", revises=True),
        event("0005", 8.0, clip="../../elsewhere.mp4"),
        event("0006", 9.0),
    ]
    write_events(tmp_path, events)
    for identity, apex_s in (("0001", 2.0), ("0002", 4.0), ("0004", 6.0)):
        write_clip(tmp_path, identity, apex_s, small, frames=4)
    clips = tmp_path / "clips"
    (clips / "0004.mp4").rename(clips / "0004.recovered.mp4")
    (clips / "0004.json").unlink()
    return tmp_path


def test_every_flag_is_told_as_known_last(folder):
    flags = {flag.id: flag for flag in read_flags(open_session(folder))}
    assert list(flags) == ["0001", "0002", "0004", "0005", "0006"]
    assert [flag.stands for flag in flags.values()] == [True, False, True, True, True]
    assert flags["0001"].event.apex_s == 2.02
    # the clip begins 0.6 s before the apex as it was flagged, whatever was revised since
    assert flags["0001"].first_frame_s == pytest.approx(1.4)
    assert (flags["0001"].event.label, flags["0001"].share) == ("surprise", 0.8)
    assert flags["0001"].event.face_box == (30.0, 20.0, 90.0, 80.0)
    assert flags["0002"].event.face_box is None  # by an earlier version


def test_clips_are_found_inside_the_session_and_after_a_kill(folder):
    flags = {flag.id: flag for flag in read_flags(open_session(folder))}
    assert flags["0004"].clip.path.name == "0004.recovered.mp4"
    assert flags["0004"].first_frame_s is None
    assert flags["0005"].clip is None
    assert flags["0006"].clip is None


def test_minutes_are_those_in_which_the_face_could_be_judged(folder):
    judged = open_session(folder).judged
    assert judged.judged_s == pytest.approx((ROWS - 31) / 30)
    assert judged.seen_s == pytest.approx(10.0)
    assert judged.not_judged_s == pytest.approx({"no face": 1.0})
    (folder / "frames.csv").unlink()
    assert open_session(folder).judged.seen_s == 0.0


def test_figures_are_of_the_flags_that_stand(folder):
    session = open_session(folder)
    labels = Labels(session.files)
    for identity, said in (("0001", "surprise"), ("0002", "none"), ("0004", "negative")):
        labels.set(identity, said)
    flags, minutes = read_flags(session), session.judged.judged_s / 60
    found = figures(flags, labels, minutes)
    assert (found.flags, found.reviewed, found.right, found.wrong) == (4, 2, 2, 0)
    assert (found.classified, found.correctly_classified) == (1, 1)
    assert any("when all are labelled" in line for line in in_words(found))
    for identity in ("0005", "0006"):
        labels.set(identity, "none")
    text = "\n".join(in_words(figures(flags, labels, minutes)))
    assert "50 % (95 %: 15 % to 85 %)" in text
    # two in 0.15 minutes; exact Poisson limits of a count of 2: 0.2422 and 7.2247
    assert "13.33 false alarms a minute (95 %: 1.61 to 48.16)" in text


def test_what_is_no_session_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no session\.json"):
        open_session(tmp_path)
    (tmp_path / "events.jsonl").write_text('{"id": "0001", "kind": "micro"}\n')
    session = open_session(tmp_path)
    assert read_flags(session) == ()
    assert session.troubles == ["events.jsonl line 1: not an event (schema: Field required)"]
