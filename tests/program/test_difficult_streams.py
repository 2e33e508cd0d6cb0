"""Streams that stand still, that change their rate, and that the program is asked to leave."""

import re
import signal

import pytest

from realtime.recording.session import open_session
from realtime.recording.session_record import SessionEnd
from tests.program.runs import Running, session_of, starter
from tests.servers import MjpegServer

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]


@pytest.fixture
def start(tmp_path):
    with starter(tmp_path / "out", "--engine", "none") as start:
        yield start


def stopped(run: Running) -> None:
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) in (0, 8)


def test_a_stream_that_is_not_there_yet_is_waited_for(start, jpegs):
    server = MjpegServer(30, pictures=jpegs)
    run = start(server.url, "--wait", "300")
    run.wait_for("waiting up to 300 s for the source (--wait)")
    with server:
        run.wait_for(" LIVE")
        stopped(run)


def test_a_stream_that_stays_away_is_given_up_after_the_wait(start):
    run = start(MjpegServer().url, "--wait", "2")
    run.wait_for("waiting up to 2 s for the source (--wait)")
    run.wait_for("the connection is refused")
    assert run.process.wait(60) == 3


def test_a_picture_that_stands_still_is_said_and_nothing_is_flagged(start, jpegs, tmp_path):
    """It jumps to a picture of seconds ago, which then comes again and again as a success."""
    with MjpegServer(30, pictures=jpegs) as server:
        run = start(server.url)
        for _ in range(4):  # lines, a second apart: its noise is measured
            run.wait_for(" LIVE")
        server.frozen = True
        run.wait_for(" FROZEN (the same picture")
        run.wait_for(" FROZEN (the same picture")
        stopped(run)
    session = open_session(session_of(tmp_path / "out"))
    frozen_s = session.frames[-1].timestamp_s - 2  # two lines, a second apart
    assert not [e for e in session.events if e.kind == "micro" and e.apex_s > frozen_s]


def test_a_rate_that_falls_is_shown_and_below_the_limit_nothing_is_judged(start, jpegs, tmp_path):
    with MjpegServer(60, pictures=jpegs) as server:
        run = start(server.url)
        run.wait_for(" LIVE")
        for fps in (60, 24, 7):
            server.fps = fps
            line = _line_of_the_rate_sent(run, server)
        assert "under 15 fps" in line
        stopped(run)
    session = open_session(session_of(tmp_path / "out"))
    assert session.record.counts.seconds.not_judged["under 15 fps"] > 2
    slow_s = session.frames[-1].timestamp_s - 3
    assert not [e for e in session.events if e.kind == "micro" and e.apex_s > slow_s]


def _line_of_the_rate_sent(run, server):
    """When three lines in a row show what the server could send, which a busy machine slows too.

    Not before the fourth line after a change: a rate is that of two seconds.
    """
    shown, lines, right = [], [], 0
    for _ in range(20):
        run.wait_for(" LIVE")
        at_s, line = run.lines[-1]
        lines.append((at_s, server.sent))
        if len(lines) > 3:
            (begun_s, before), (ended_s, after) = lines[-3], lines[-1]
            delivered = (after - before) / (ended_s - begun_s)
            shown.append((float(re.search(r"LIVE ([\d.]+) fps", line)[1]), delivered))
            right = right + 1 if shown[-1][0] == pytest.approx(delivered, rel=0.2) else 0
            if right == 3:
                return line
    raise AssertionError(shown)


def test_a_stream_that_fell_silent_does_not_keep_it_from_ending(start, jpegs, tmp_path):
    with MjpegServer(30, pictures=jpegs) as server:
        run = start(server.url)
        run.wait_for(" LIVE")
        server.silent = True
        run.wait_for(" LOST")
        stopped(run)
    assert open_session(session_of(tmp_path / "out")).record.ended.reason is SessionEnd.STOPPED
