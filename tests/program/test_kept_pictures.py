"""`--pictures`: what is kept of a run, by choice."""

import av
import pytest

from realtime.recording.session import open_session
from tests.program.runs import counts_of, run_live, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]


def places_of_pictures(session):
    endings = {".mp4", ".png", ".jpg"}
    return {path.parent.name for path in session.rglob("*") if path.suffix in endings}


@pytest.mark.parametrize(
    ("choice", "places"), [("none", set()), ("stills", {"stills"}), ("clips", {"stills", "clips"})]
)
def test_each_choice_keeps_what_it_says(choice, places, film, engine, tmp_path):
    done = run_live(
        *("--source", str(film), "--pace", "fast", "--dashboard", "none"),
        *("--engine", str(engine), "--output", str(tmp_path), "--pictures", choice),
    )
    assert done.returncode == 0, done.stderr
    folder = session_of(tmp_path)
    assert any(event.kind == "micro" for event in open_session(folder).events)
    assert places_of_pictures(folder) == places
    assert counts_of(folder)["video"] is None


def test_video_is_the_whole_run(tmp_path):
    done = run_live(
        *("--demo", "--seconds", "3", "--pictures", "video", "--engine", "none"),
        *("--dashboard", "none", "--output", str(tmp_path)),
    )
    assert done.returncode in (0, 8), done.stderr
    folder = session_of(tmp_path)
    assert "video" in places_of_pictures(folder)
    counts, frames = counts_of(folder), 0
    for segment in (folder / "video").glob("*.mp4"):
        with av.open(str(segment)) as video:
            frames += sum(1 for _ in video.decode(video=0))
    assert frames == counts["video"]["frames"]
    assert frames + counts["video"]["missing_frames"] >= counts["frames"]["analysed"]


def test_a_film_is_kept_already(film, tmp_path):
    done = run_live("--source", str(film), "--pictures", "video", "--output", str(tmp_path))
    assert done.returncode == 2
    assert "a film is kept already" in done.stderr


def test_video_of_a_session_that_is_not_kept_is_refused():
    done = run_live("--source", "http://127.0.0.1:9/", "--pictures", "video", "--no-record")
    assert done.returncode == 2
    assert "--no-record keeps none" in done.stderr
