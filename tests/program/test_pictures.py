"""A poster that is larger than the person beside it."""

import numpy as np
import pytest

from realtime.recording.session import open_session
from tests.program.runs import run_live, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]

FAST = ("--pace", "fast", "--dashboard", "plain")


def test_the_person_beside_a_larger_poster_is_watched(film_of_two, engine, tmp_path):
    done = run_live(
        "--source", str(film_of_two), *FAST, "--engine", str(engine), "--output", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    session = open_session(session_of(tmp_path))
    late = [row for row in session.frames if row.timestamp_s > 4 and row.success]
    assert np.median([row.iod_px for row in late]) < 120  # the poster's is larger
    flagged = [event for event in session.events if event.kind == "micro"]
    assert flagged
    assert all(event.face_box[0] > 480 for event in flagged)
