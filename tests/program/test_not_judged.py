"""What was not judged is said: on the screen, in session.json, by the exit code."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from realtime.event import NOT_CONFIRMED
from realtime.face.assessability import Assessable
from realtime.recording.session import open_session
from realtime.recording.session_record import SessionEnd, SessionOutcome
from tests.paths import PROGRAM
from tests.program.runs import CONSENT, run_live, session_of
from tests.realtime.engine.tiny_engine import memory_bomb, write_engine
from tests.servers import MjpegServer

pytestmark = [pytest.mark.usefixtures("landmark_model")]
FAST = ("--pace", "fast", "--dashboard", "plain")


def written(path, pictures, fps=30):
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, fps)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_film_that_is_too_dark_is_not_flagged_0(pictures, engine, tmp_path):
    dark = [(picture * 0.12).astype(np.uint8) for picture in pictures[:90]]
    film = written(tmp_path / "dark.mp4", dark)
    output = tmp_path / "out"
    done = run_live("--source", str(film), *FAST, "--engine", str(engine), "--output", str(output))
    assert done.returncode == 8
    assert "nothing could be judged: " in done.stderr
    assert "light in front of you" not in done.stdout + done.stderr  # a film has no lamp
    assert "0 micro-expressions" not in done.stdout
    session = open_session(session_of(output))
    record = session.record
    assert record.outcome is SessionOutcome.NOT_JUDGED
    assert record.counts.seconds.judged == 0
    assert sum(record.counts.seconds.not_judged.values()) == pytest.approx(
        record.counts.seconds.seen
    )
    assert record.counts.frames.read == record.counts.frames.analysed == 90
    assert Assessable.YES not in {verdict.assessable for verdict in session.verdicts}
    assert session.judged.seen_s == pytest.approx(record.counts.seconds.seen, abs=1e-4)


@pytest.mark.fault
def test_an_engine_that_fails_for_good_ends_a_film_with_its_code(film, tmp_path):
    hostile = write_engine(tmp_path / "hostile", network_bytes=memory_bomb())
    output = tmp_path / "out"
    run = ("--source", str(film), *FAST, "--output", str(output), "--engine")
    done = run_live(*run, str(hostile))
    assert done.returncode == 5
    assert "the engine failed for good: onnxruntime cannot run the network" in done.stderr
    assert "--engine none" in done.stderr
    record = open_session(session_of(output)).record
    assert record.outcome is SessionOutcome.FAILED
    assert record.ended.reason is SessionEnd.FAILED
    assert "failed for good" in record.ended.error
    assert record.counts.engine.restarted == 2
    assert not list(output.rglob("*.part*"))


def test_without_an_engine_a_film_runs_as_motion_only(film, tmp_path):
    done = run_live("--source", str(film), *FAST, "--output", str(tmp_path), "--engine", "none")
    assert done.returncode == 0
    session = open_session(session_of(tmp_path))
    assert session.record.engine == "motion only"
    assert session.record.counts.engine is None
    assert {event.label for event in session.events} == {"unclassified"}


def test_a_flag_without_its_second_stage_is_marked(film, engine, tmp_path):
    run = ("--source", str(film), *FAST, "--engine", str(engine))
    run_live(*run, "--output", str(tmp_path / "whole"))
    whole = open_session(session_of(tmp_path / "whole"))
    assert all(NOT_CONFIRMED not in event.reasons for event in whole.events)
    first = whole.flagged[0]
    run_live(*run, "--output", str(tmp_path / "cut"), "--seconds", f"{first.flagged_s + 0.1:.3f}")
    cut = open_session(session_of(tmp_path / "cut"))
    assert cut.flagged[0].apex_s == first.apex_s
    assert [event.reasons for event in cut.events if event.kind == "micro"] == [(NOT_CONFIRMED,)]


def on_a_terminal(theirs):
    """In the child: keys are read from a terminal of its own, and Ctrl-C is heard.

    A shell starts what runs in the background deaf to it.
    """
    os.login_tty(theirs)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.fault
def test_a_paused_stretch_is_in_the_record(jpegs, engine, tmp_path):
    with MjpegServer(30, pictures=jpegs) as server:
        ours, theirs = pty.openpty()
        command = [sys.executable, str(PROGRAM), "--source", server.url, "--dashboard", "plain"]
        process = subprocess.Popen(
            [*command, *CONSENT, "--engine", str(engine), "--output", str(tmp_path)],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            pass_fds=(theirs,),
            preexec_fn=lambda: on_a_terminal(theirs),
        )
        os.close(theirs)
        too_long = threading.Timer(200, process.kill)
        too_long.start()
        try:
            live, paused = r"LIVE \d", r"LIVE \(PAUSED\)"
            for until, key in ((live, "p"), (paused, ""), (paused, "p"), (live, "")):
                seen = ""
                while not re.search(until, seen):
                    seen += os.read(ours, 4096).decode()
                os.write(ours, key.encode())
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(OSError):  # the other end is closed
                while os.read(ours, 4096):
                    pass
            assert process.wait(60) == 0
        finally:
            too_long.cancel()
            process.kill()
            process.wait()
            os.close(ours)
    session = open_session(session_of(tmp_path))
    paused = [v.t_s for v in session.verdicts if v.assessable is Assessable.PAUSED]
    assert len(paused) > 3  # a machine that still compiles kernels thins the frames
    lost_s = session.record.counts.seconds.not_judged[Assessable.PAUSED.value]
    assert lost_s == pytest.approx(paused[-1] - paused[0], abs=0.3)
