"""The frames around an item: from the film where it is there, otherwise from the clip."""

from contextlib import closing

import numpy as np
import pytest

from realtime.capture.ring_buffer import FrameRing
from realtime.capture.video_file import VideoFile
from realtime.errors import SourceError
from realtime.recording.clip_writer import ClipWriter
from realtime.recording.session import open_session
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_video import SessionVideo
from realtime.review.footage import can_play, filmed, frames
from tests.realtime.review.made_session import event, write_clip, write_events, write_record

FPS = 30
FRAMES = 7 * FPS
DARKEST = 30


def numbered(k):
    """A frame that shows its number by its grey."""
    return np.full((64, 64, 3), DARKEST + k, np.uint8)


def write_film(path):
    with ClipWriter(path, 64, 64) as writer:
        for k in range(FRAMES):
            writer.write(numbered(k), round(1e9 * k / FPS))
    return path


@pytest.fixture
def session(tmp_path):
    write_events(tmp_path, [event("0001", 2.0), event("0002", 5.0, clip=None)])
    return tmp_path


def test_a_stretch_of_the_film_is_that_stretch(session):
    film = write_film(session / "film.mp4")
    write_record(session, source=str(film), reason="the source ended")
    opened = open_session(session)
    for start_s in (0.0, 4.02, 6.5):
        found = list(frames(opened, None, start_s, start_s + 0.4))
        numbers = [float(frame.image.mean()) - DARKEST for frame in found]
        expected = [k for k in range(FRAMES) if start_s <= k / FPS <= start_s + 0.4]
        assert numbers == pytest.approx(expected, abs=5)
        times = [frame.t_ns / 1e9 for frame in found]
        assert times == pytest.approx([k / FPS for k in expected], abs=1e-5)


def test_a_film_is_entered_near_the_stretch(session):
    film = write_film(session / "film.mp4")
    with closing(VideoFile(film, again=True)) as video:
        entry = video.entry_before(6_500_000_000)
    assert entry is not None
    assert 0 < entry.t_ns <= 6_500_000_000


def test_without_the_film_only_what_has_a_clip_can_be_played(session, portrait):
    write_record(session, source="gone.mp4")
    write_clip(session, "0001", 2.0, portrait, frames=24)
    opened = open_session(session)
    first, second = opened.events
    assert can_play(opened, first)
    assert not can_play(opened, second)
    assert not filmed(opened)
    found = list(frames(opened, first, 1.6, 2.0))
    assert found[0].t_ns / 1e9 == pytest.approx(1.6, abs=0.04)
    assert found[-1].t_ns / 1e9 == pytest.approx(2.0, abs=0.04)
    with pytest.raises(SourceError, match="any more"):
        frames(opened, second, 4.0, 5.0)


@pytest.fixture
def kept(session):
    """A camera's session with two flags, of which the video was kept in segments of 2 s."""
    write_record(session)
    keep_video(session, range(FRAMES))
    return session


def keep_video(session, numbers, zero_ns=5_000_000_000):
    """Frames of those numbers; the source starts anew after each that is missing."""
    ring = FrameRing(100, lossless=True)
    folder, last = SessionFolder(session), numbers[0] - 1
    with SessionVideo(folder, ring, free_bytes=lambda: 10**9, segment_s=2.0) as video:
        for k in numbers:
            ring.push(zero_ns + round(1e9 * k / FPS), numbered(k), restart=k != last + 1)
            if k == numbers[0]:
                video.begin(zero_ns + round(1e9 * k / FPS), zero_ns)
            last = k
        ring.close()


def test_a_video_that_was_kept_shows_what_a_film_shows(kept):
    opened = open_session(kept)
    assert len(opened.video) == 4
    assert filmed(opened) == [pytest.approx((0.0, (FRAMES - 1) / FPS), abs=1e-3)]
    assert all(can_play(opened, event) for event in opened.events)
    for start_s, end_s in ((0.0, 0.41), (1.71, 2.41), (1.51, 6.21), (6.41, 7.4), (-0.2, 0.41)):
        found = list(frames(opened, None, start_s, end_s))
        expected = [k for k in range(FRAMES) if start_s <= k / FPS <= end_s]
        numbers = [float(frame.image.mean()) - DARKEST for frame in found]
        assert numbers == pytest.approx(expected, abs=5)
        times = [frame.t_ns / 1e9 for frame in found]
        assert times == pytest.approx([k / FPS for k in expected], abs=1e-5)


def test_a_gap_in_the_video_is_not_filmed_and_a_clip_stands_in_for_it(session, portrait):
    write_record(session)
    keep_video(session, [*range(30, 45), *range(FPS * 4, FRAMES)])
    write_clip(session, "0001", 2.0, portrait, frames=24)
    opened = open_session(session)
    assert filmed(opened) == [
        pytest.approx((1.0, 44 / FPS), abs=1e-3),
        pytest.approx((4.0, (FRAMES - 1) / FPS), abs=1e-3),
    ]
    first, second = opened.events
    assert can_play(opened, first)
    assert can_play(opened, second)
    shown = next(iter(frames(opened, first, 1.6, 2.2)))
    assert shown.image.shape == portrait.shape
    with pytest.raises(SourceError, match="any more"):
        frames(opened, None, 2.0, 3.0)


def test_after_a_kill_the_recovered_segment_is_shown(kept):
    last = kept / "video" / "0004.mp4"
    last.rename(last.with_name("0004.recovered.mp4"))
    (kept / "video" / "0002.mp4").unlink()
    with (kept / "video.jsonl").open("a") as file:
        file.write('{"schema": 1, "file": "../../etc/passwd", "start_s": 8}\n{"schema": 1, "fi')
    opened = open_session(kept)
    assert [segment.path.name for segment in opened.video] == [
        "0001.mp4",
        "0003.mp4",
        "0004.recovered.mp4",
    ]
    assert len(filmed(opened)) == 2
    assert opened.troubles == ["video.jsonl line 5: it names no segment of this session"]
