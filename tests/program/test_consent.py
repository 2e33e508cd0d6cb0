"""Consent, given, not given and withdrawn, in front of the running program."""

import os
import pty
import signal

import pytest

from realtime.consent.entry import OnWithdrawal
from realtime.recording.session import open_session
from tests.program.runs import CONSENT, Running, run_live, session_of
from tests.servers import MjpegServer

pytestmark = [pytest.mark.usefixtures("landmark_model")]
WHOLE = ("--dashboard", "plain", "--engine", "none")


@pytest.fixture
def keyboard():
    """A terminal's two ends: ours to type on, the program's to read."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def ended(run):
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) in (0, 8)
    run.end()
    while not run._queue.empty():
        run.lines.append(run._queue.get())
    return "\n".join(line for _, line in run.lines)


@pytest.mark.slow
def test_without_consent_nothing_of_a_stream_is_kept(jpegs, tmp_path):
    output = tmp_path / "out"
    with MjpegServer(30, pictures=jpegs) as server:
        run = Running.start(
            "--source", server.url, *WHOLE, "--output", str(output), consented=False
        )
        try:
            run.wait_for("nothing is kept: no consent entry: --consent ask, or --consent FILE")
            run.wait_for(" LIVE")
            shown = ended(run)
        finally:
            run.end()
    assert not output.exists()
    assert "nothing is kept: no consent entry" in shown.split("frames")[-1]  # the summary too


@pytest.mark.slow
def test_where_films_need_consent_too_one_without_is_counted_and_not_kept(film, tmp_path):
    settings, output = tmp_path / "lab.toml", tmp_path / "out"
    settings.write_text('[consent]\nrequired = "always"\n')
    done = run_live(
        *("--config", str(settings), "--source", str(film), *WHOLE, "--pace", "fast"),
        *("--seconds", "6", "--output", str(output)),
    )
    assert done.returncode == 0, done.stderr
    assert "EVENT 0001  flagged as micro-expression" in done.stdout
    assert "nothing is kept: no consent entry" in done.stdout
    assert not output.exists()


def start_with_an_open_clip(output, theirs, *flags):
    """The built-in subject; the clip of its first movement would last to the end of the run."""
    return Running.start(
        *("--demo", *WHOLE, "--output", str(output), "--post", "60", *flags), stdin=theirs
    )


@pytest.mark.slow
def test_withdrawn_it_keeps_what_was_until_then_and_nothing_more(tmp_path, keyboard):
    ours, theirs = keyboard
    run = start_with_an_open_clip(tmp_path, theirs, *CONSENT)
    try:
        run.wait_for("recorder writing clips/")
        session = session_of(tmp_path)
        assert [path.name for path in (session / "clips").iterdir() if ".part" in path.name]
        os.write(ours, b"w")
        run.wait_for("consent withdrawn; the session until now is kept, as its consent says")
        assert list((session / "clips").iterdir()) == []
        before = {path: path.read_bytes() for path in session.rglob("*") if path.is_file()}
        run.wait_for(" EVENT ")
        shown = ended(run)
    finally:
        run.end()
    assert {path: path.read_bytes() for path in session.rglob("*") if path.is_file()} == before
    read = open_session(session)
    assert read.record.ended.reason.value == "consent withdrawn"
    assert read.record.consent.on_withdrawal is OnWithdrawal.KEEP
    assert len(read.frames) == read.record.counts.frames.analysed
    assert "nothing is kept: consent withdrawn; the session until now is kept" in shown


@pytest.mark.slow
def test_asked_on_the_terminal_and_withdrawn_the_session_is_forgotten(tmp_path, keyboard):
    ours, theirs = keyboard
    run = start_with_an_open_clip(tmp_path, theirs, "--consent", "ask")
    try:
        for line in (b"P07\n", b"a test\n", b"\n", b"\n", b"y\n"):
            os.write(ours, line)
        run.wait_for("recorder writing clips/")
        record = open_session(session_of(tmp_path)).record
        assert (record.participant, record.consent.what_for) == ("P07", "a test")
        os.write(ours, b"w")
        run.wait_for("consent withdrawn; the session is forgotten")
        assert list(tmp_path.iterdir()) == []
        run.wait_for(" EVENT ")
        ended(run)
    finally:
        run.end()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_an_entry_a_session_is_forgotten_at_the_second_key_only(tmp_path, keyboard):
    ours, theirs = keyboard
    run = start_with_an_open_clip(tmp_path, theirs)
    try:
        run.wait_for("recorder writing clips/")
        os.write(ours, b"w")
        run.wait_for("w once more forgets this session")
        assert session_of(tmp_path).is_dir()
        os.write(ours, b"w")
        run.wait_for("consent withdrawn; the session is forgotten")
        assert list(tmp_path.iterdir()) == []
        ended(run)
    finally:
        run.end()


def test_nobody_can_be_asked_without_a_terminal():
    done = run_live("--demo", "--consent", "ask", timeout_s=60)
    assert done.returncode == 2
    assert "--consent ask needs a terminal; use --consent FILE" in done.stderr


@pytest.mark.parametrize("purpose", ["work", "education"])
def test_work_and_education_are_refused(purpose):
    done = run_live("--demo", "--purpose", purpose, timeout_s=60)
    assert done.returncode == 2
    assert "AI Act, Article 5(1)(f)" in done.stderr
