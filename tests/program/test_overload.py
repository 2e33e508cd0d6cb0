"""A source that this machine cannot analyse whole."""

import contextlib
import os
from itertools import pairwise

import pytest

from realtime.recording.session import open_session
from tests.program.runs import Running, counts_of, run_live, session_of
from tests.servers import MjpegServer

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]

RATE = 600  # more frames a second than one core reads, finds the face in and measures
ONE_CORE = {min(os.sched_getaffinity(0))} if hasattr(os, "sched_setaffinity") else None
SPOTTER_GAP_S = 0.25  # a longer one ends what was learned of a face


@contextlib.contextmanager
def on_one_core():
    """What is started in here runs on one core: two cores keep up with what a server can send."""
    if ONE_CORE is None:
        pytest.skip("this system does not tie a process to a core")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, ONE_CORE)
    yield
    os.sched_setaffinity(0, before)


def test_too_many_frames_are_thinned_evenly_and_it_says_so(jpegs, engine, tmp_path):
    pictures = [picture for picture in jpegs for _ in range(RATE // 30)]
    with MjpegServer(RATE, pictures=pictures) as server:
        with on_one_core():
            run = Running.start(
                *("--source", server.url, "--dashboard", "plain", "--engine", str(engine)),
                *("--output", str(tmp_path), "--seconds", "14"),
            )
        try:
            run.wait_for("use --size or --analyse-every")
            assert run.process.wait(90) in (0, 8)
        finally:
            run.end()
    session = session_of(tmp_path)
    frames = counts_of(session)["frames"]
    assert frames["dropped"] > 0.1 * frames["read"]
    times = [row.timestamp_s for row in open_session(session).frames if row.timestamp_s > 4]
    gaps = [b - a for a, b in pairwise(times)]
    # in blocks it would be dozens; what else runs on this core may take it for a moment
    assert sum(gap > SPOTTER_GAP_S for gap in gaps) <= 3
    assert counts_of(session)["seconds"]["judged"] > 0


def test_every_second_frame_by_choice(film, engine, tmp_path):
    done = run_live(
        *("--source", str(film), "--pace", "fast", "--dashboard", "none", "--seconds", "4"),
        *("--engine", str(engine), "--output", str(tmp_path), "--analyse-every", "2"),
    )
    assert done.returncode in (0, 8), done.stderr
    session = session_of(tmp_path)
    frames = counts_of(session)["frames"]
    assert (frames["analysed"], frames["skipped"], frames["dropped"]) == (60, 60, 0)
    # 15 frames a second are left of 30: that rate is judged
    assert [row.frame for row in open_session(session).frames] == list(range(0, 120, 2))
