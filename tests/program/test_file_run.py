"""A file analysed from the command line."""

import stat

import pytest

from realtime.face.assessability import Assessable
from realtime.recording.session import open_session
from tests.program.runs import analyse, counts_of, run_live, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]

FAST = ("--pace", "fast", "--dashboard", "plain")


@pytest.fixture(scope="module")
def sessions(analysed, film, engine, tmp_path_factory):
    """Of the same film, analysed twice."""
    return [analysed, analyse(film, engine, tmp_path_factory.mktemp("second"))]


def test_twice_the_same_to_the_byte(sessions):
    for part in ("events.jsonl", "frames.csv"):
        assert (sessions[0] / part).read_bytes() == (sessions[1] / part).read_bytes()
    frames = counts_of(sessions[0])["frames"]
    assert frames["analysed"] == frames["read"] == 300
    assert frames["dropped"] == frames["missing"] == frames["undecodable"] == 0
    flagged = [e for e in open_session(sessions[0]).events if e.kind == "micro"]
    assert len(flagged) >= 2
    for event in flagged:
        assert event.label in ("negative", "positive", "surprise")
        assert event.onset_s < event.apex_s < event.offset_s
        for part in (event.clip, *event.stills):
            assert (sessions[0] / part).stat().st_size > 0


def test_of_two_people_it_says_who_moved(film_of_two, engine, tmp_path):
    done = run_live(
        *("--source", str(film_of_two), *FAST, "--faces", "2"),
        *("--engine", str(engine), "--output", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    flagged = [e for e in open_session(session_of(tmp_path)).events if e.kind == "micro"]
    assert len(flagged) >= 2
    for event in flagged:
        left, top, right, bottom = event.face_box
        assert 480 < left < right < 960
        assert 0 < top < bottom < 480


def test_every_file_is_the_users_alone(sessions):
    session = sessions[0]
    for path in (session, *session.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_no_record_keeps_nothing(film, engine, tmp_path):
    done = run_live(
        *("--source", str(film), *FAST, "--engine", str(engine)),
        *("--output", str(tmp_path), "--no-record", "--seconds", "6"),
    )
    assert done.returncode == 0, done.stderr
    assert "EVENT" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_seconds_ends_it(film, engine, tmp_path):
    run_live(
        *("--source", str(film), *FAST, "--engine", str(engine)),
        *("--output", str(tmp_path), "--seconds", "2"),
    )
    session = session_of(tmp_path)
    assert counts_of(session)["frames"]["analysed"] == 60
    # while this face's rest is learned nothing is judged, and the table of frames says so
    seen = [verdict.assessable for verdict in open_session(session).verdicts]
    assert len(seen) == 60
    assert set(seen[1:58]) == {Assessable.SETTLING}  # the first has nothing to be held against


def test_a_high_speed_film_is_judged_by_the_rate_it_was_taken_at(film, engine, tmp_path):
    slow = ("--source", str(film), *FAST, "--engine", str(engine), "--fps", "10")
    run_live(*slow, "--output", str(tmp_path), "--seconds", "2")
    verdicts = open_session(session_of(tmp_path)).verdicts
    assert verdicts[10].t_s == 1.0
    assert {verdict.assessable for verdict in verdicts} == {Assessable.LOW_RATE}


@pytest.mark.media
def test_a_real_person_twice(media, engine, tmp_path):
    lines = []
    for name, seconds, frames in (("whole", 60, 765), ("beginning", 12, 300)):
        output = tmp_path / name
        run_live(
            *("--source", str(media / "webcam.mp4"), *FAST, "--engine", str(engine)),
            *("--output", str(output), "--seconds", str(seconds)),
        )
        session = session_of(output)
        assert counts_of(session)["frames"]["analysed"] == frames
        lines.append((session / "events.jsonl").read_bytes())
    assert len(lines[1]) > 0
    assert lines[0].startswith(lines[1])
