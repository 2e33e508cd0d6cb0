"""Things that go wrong while it runs, done for real."""

import contextlib
import signal
import time
from pathlib import Path

import av
import psutil
import pytest

from realtime.recording.session import open_session
from realtime.recording.session_record import SessionOutcome
from tests.program.runs import Running, counts_of, run_live, session_of
from tests.servers import MjpegServer

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]


@pytest.fixture
def start(tmp_path, engine):
    """Start the program on a source, with a plain dashboard and `tmp_path/out` as output."""
    runs = []

    def starter(source: str, *flags: str) -> Running:
        run = Running.start(
            *("--source", source, "--dashboard", "plain", "--engine", str(engine)),
            *("--output", str(tmp_path / "out"), *flags),
        )
        runs.append(run)
        return run

    yield starter
    for run in runs:
        run.end()


def span_s(clip: Path) -> float:
    """Seconds of a clip that can be decoded."""
    with av.open(str(clip)) as container:
        times = [float(f.pts * f.time_base) for f in container.decode(video=0)]
    return times[-1] - times[0]


def well_under_way(output: Path) -> tuple[Path, float]:
    """The clip that is being written, once 0.6 s of it can be decoded, and how much can be."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for part in output.rglob("*.part.mp4"):
            with contextlib.suppress(av.FFmpegError, IndexError):
                if (written_s := span_s(part)) > 0.6:
                    return part, written_s
    raise AssertionError("no clip was begun")


def test_killed_while_a_clip_is_written(start, film, tmp_path):
    run = start(str(film), "--pre", "1", "--post", "10")
    run.wait_for("  micro  ")
    part, written_s = well_under_way(tmp_path / "out")
    run.process.send_signal(signal.SIGKILL)
    run.process.wait(30)
    assert span_s(part) >= written_s
    again = run_live(
        *("--source", str(film), "--pace", "fast", "--dashboard", "none", "--seconds", "0.5"),
        *("--output", str(tmp_path / "out")),
    )
    assert "recovered" in again.stderr
    assert not list((tmp_path / "out").rglob("*.part.mp4"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_finishes_what_is_open(start, film, tmp_path, number):
    run = start(str(film), "--post", "10")
    run.wait_for("  micro  ")
    well_under_way(tmp_path / "out")
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
        cut = time.monotonic()
        server.stop()
        lost_s = run.wait_for(" LOST", 30) - cut
        back = time.monotonic()
        server.start()
        back_s = run.wait_for(" LIVE", 30) - back
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(30) == 0
    # promised are 1.5 s and 2 s; the bounds leave room for a busy machine
    assert lost_s < 5
    assert back_s < 8
    assert counts_of(session_of(tmp_path / "out"))["reconnects"] == 1


def test_a_killed_engine_does_not_stop_the_events(start, film, tmp_path):
    run = start(str(film))
    run.wait_for(" LIVE")
    children = psutil.Process(run.process.pid).children()
    (child,) = [c for c in children if "spawn_main" in " ".join(c.cmdline())]
    child.kill()
    run.wait_for("  micro  ")
    assert run.process.wait(60) == 0
    session = open_session(session_of(tmp_path / "out"))
    flagged = [e for e in session.events if e.kind == "micro"]
    assert len(flagged) >= 2
    assert flagged[-1].label != "unclassified"
    assert session.record.counts.engine.restarted == 1
