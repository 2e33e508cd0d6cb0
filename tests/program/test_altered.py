"""Faults that only the machine underneath can do, done by altering what the program calls there."""

import pytest

from realtime.recording.session import open_session
from realtime.recording.session_record import SessionOutcome
from tests.program.runs import pictures_in, session_of

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]


def test_a_wall_clock_that_is_set_back_and_ahead_changes_no_event(altered, analysed, tmp_path):
    done = altered("""
import itertools, time
real, calls = time.time, itertools.count()
time.time = lambda: real() + (0, -3600, 3600)[next(calls) % 3]
""")
    assert done.returncode == 0, done.stderr
    session = session_of(tmp_path / "out")
    for name in ("events.jsonl", "frames.csv"):
        assert (session / name).read_bytes() == (analysed / name).read_bytes()
    assert open_session(session).record.outcome is SessionOutcome.DONE


def test_a_stage_that_fails_ends_it_with_one_traceback_and_whole_clips(altered, tmp_path):
    done = altered("""
from realtime.analysis import Analysis
whole = Analysis.analyse
def analyse(self, frame, *more, **named):
    if frame.seq == 200:
        raise ZeroDivisionError("by a test")
    return whole(self, frame, *more, **named)
Analysis.analyse = analyse
""")
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert "by a test" in done.stderr
    assert pictures_in(done.stdout + done.stderr) == []
    session = session_of(tmp_path / "out")
    assert open_session(session).record.outcome is SessionOutcome.FAILED
    assert not list(session.rglob("*.part*"))


def test_a_disk_that_takes_a_second_for_each_line_is_waited_for_by_no_analysis(
    altered, analysed, tmp_path
):
    done = altered(f"""
import os, time, traceback
whole, asked = os.fsync, open({str(tmp_path / "asked")!r}, "a", buffering=1)
def fsync(descriptor):
    names = [f.name for f in traceback.extract_stack() if f.filename.endswith("pipeline.py")]
    asked.write(("run" if "run" in names else "elsewhere") + "\\n")
    time.sleep(1)
    whole(descriptor)
os.fsync = fsync
""")
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().split()
    assert "elsewhere" in asked
    assert "run" not in asked  # the loop of the run
    session = session_of(tmp_path / "out")
    assert (session / "events.jsonl").read_bytes() == (analysed / "events.jsonl").read_bytes()


def test_a_disk_that_does_not_answer_is_asked_nothing_by_the_loop_of_the_run(altered, tmp_path):
    done = altered(f"""
import os, traceback
whole, asked = os.stat, open({str(tmp_path / "asked")!r}, "a", buffering=1)
def stat(path, *more, **named):
    if {str(tmp_path / "out")!r} in str(path):
        names = [f.name for f in traceback.extract_stack() if f.filename.endswith("pipeline.py")]
        asked.write(("run" if "run" in names else "elsewhere") + "\\n")
    return whole(path, *more, **named)
os.stat = stat
""")
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().split()
    assert "elsewhere" in asked
    assert "run" not in asked
