"""Things that go wrong while it runs, done for real."""

import contextlib
import re
import signal
import time
from itertools import pairwise
from pathlib import Path

import av
import psutil
import pytest

from benchmarks._common.looped_stream import LoopedStream
from realtime.event import Event
from realtime.recording.session import open_session
from realtime.recording.session_record import SessionOutcome
from tests.program.runs import run_live, session_of, starter
from tests.servers import MjpegServer

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]
RAISED_S = 0.1  # no flag comes sooner after its apex: one that came earlier owes a gap nothing


@pytest.fixture
def start(tmp_path, engine):
    with starter(tmp_path / "out", "--engine", str(engine)) as start:
        yield start


def span_s(clip: Path) -> float:
    """Seconds of a clip that can be decoded."""
    with av.open(str(clip)) as container:
        times = [float(f.pts * f.time_base) for f in container.decode(video=0)]
    return times[-1] - times[0]


def first_flagged(session: Path) -> Event:
    """Waited for: what is printed is written by another thread."""
    deadline = time.monotonic() + 30
    while not (flagged := open_session(session).flagged):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return flagged[0]


def is_under_way(clip: Path) -> bool:
    """Whether its first frames can be decoded: who stops before has no clip to finish."""
    with contextlib.suppress(av.FFmpegError, IndexError, OSError):
        return span_s(clip) > 0.5
    return False


def test_killed_while_a_clip_is_written(start, film, jpegs, tmp_path):
    with MjpegServer(30, pictures=jpegs) as server:
        run = start(server.url, "--pre", "1", "--post", "20")
        run.wait_for("flagged as micro-expression")
        flagged_at = time.monotonic()
        event = first_flagged(session_of(tmp_path / "out"))
        part = session_of(tmp_path / "out") / event.clip.replace(".mp4", ".part.mp4")

        def missing_s() -> float:
            """What was handed over (from a second before the onset to now), less what is there."""
            handed_s = event.flagged_s - event.onset_s + 1.0 + time.monotonic() - flagged_at
            with contextlib.suppress(av.FFmpegError, IndexError):  # not begun
                return handed_s - span_s(part)
            return handed_s

        while missing_s() > 0.6:  # a busy machine encodes the pre-roll late, and then keeps up
            assert time.monotonic() < flagged_at + 15
        before_s = span_s(part)
        run.process.send_signal(signal.SIGKILL)
        run.process.wait(30)
    assert span_s(part) >= before_s
    again = run_live(
        *("--source", str(film), "--pace", "fast", "--dashboard", "none", "--seconds", "0.5"),
        *("--output", str(tmp_path / "out")),
    )
    assert "recovered" in again.stderr
    assert not list((tmp_path / "out").rglob("*.part.mp4"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_finishes_what_is_open(start, jpegs, tmp_path, number):
    with MjpegServer(30, pictures=jpegs) as server:
        run = start(server.url, "--post", "60")
        run.wait_for("flagged as micro-expression")
        deadline = time.monotonic() + 60
        while not any(is_under_way(clip) for clip in (tmp_path / "out").rglob("*.mp4")):
            assert time.monotonic() < deadline
        run.process.send_signal(number)
        assert run.process.wait(30) == 0
    session = session_of(tmp_path / "out")
    assert not list(session.rglob("*.part*"))
    assert open_session(session).record.outcome is SessionOutcome.STOPPED
    for clip in (session / "clips").glob("*.mp4"):
        assert span_s(clip) > 0.5


def test_a_stream_that_is_cut_comes_back(start, jpegs, tmp_path):
    with MjpegServer(30, pictures=jpegs) as server:
        run = start(server.url)
        run.wait_for(" LIVE")
        run.wait_for(" LIVE")
        server.stop()
        for _ in range(2):
            run.wait_for(" LOST")
        server.start()
        run.wait_for(" LIVE")
        for _ in range(3):  # lines, a second apart
            run.wait_for(" LIVE")
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(30) == 0
    session = open_session(session_of(tmp_path / "out"))
    assert session.record.counts.reconnects == 1
    times = [row.timestamp_s for row in session.frames]
    before_s, after_s = max(pairwise(times), key=lambda pair: pair[1] - pair[0])
    assert not [e for e in session.events if before_s - RAISED_S < e.apex_s < after_s + 2]


def test_suspended_it_notes_the_gap_once_and_takes_nothing_from_it(start, jpegs, tmp_path):
    """What the camera sends meanwhile waits in the system's buffers, and is read in a burst."""
    with LoopedStream(jpegs, 30) as camera:
        run = start(camera.url)
        for _ in range(4):
            run.wait_for(" LIVE")
        run.process.send_signal(signal.SIGSTOP)
        time.sleep(6)  # longer than a picture may stand still
        run.process.send_signal(signal.SIGCONT)
        run.wait_for("in which this program did not run")
        for _ in range(4):  # a line a second
            run.wait_for(" LIVE")
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(60) in (0, 8)
    session = open_session(session_of(tmp_path / "out"))
    counts = session.record.counts
    assert counts.reconnects == 0
    assert counts.frames.refused > 5  # of 180; a busy machine reads few of them in two seconds
    notes = [line for _, line in run.lines if " note " in line]
    told = [float(s) for line in notes for s in re.findall(r"follows ([\d.]+) s in which", line)]
    assert sum(s > 4 for s in told) == 1  # on a busy machine nothing runs for a second
    assert not [line for _, line in run.lines if " LOST" in line or " FROZEN" in line]
    times = [row.timestamp_s for row in session.frames]
    (gap,) = [(a, b) for a, b in pairwise(times) if b - a > 4]
    assert counts.seconds.not_judged["no frames"] == pytest.approx(gap[1] - gap[0], abs=1.5)
    # the noise is measured again for two seconds: nothing of the gap or the burst is judged
    assert not [e for e in session.events if gap[0] - RAISED_S < e.apex_s < gap[1] + 2]
    assert sum(gap[1] <= t < gap[1] + 1 for t in times) < 90  # the burst is of 180


def test_a_killed_engine_does_not_stop_the_events(start, film, tmp_path):
    run = start(str(film))
    run.wait_for(" FILM")
    children = psutil.Process(run.process.pid).children()
    (child,) = [c for c in children if "spawn_main" in " ".join(c.cmdline())]
    child.kill()
    run.wait_for("flagged as micro-expression")
    assert run.process.wait(60) == 0
    session = open_session(session_of(tmp_path / "out"))
    flagged = [e for e in session.events if e.kind == "micro"]
    assert len(flagged) >= 2
    assert flagged[-1].label != "unclassified"
    assert session.record.counts.engine.restarted == 1
