"""A film's frames are decoded again, and are the same as the first time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.capture.address import parse_source
from realtime.capture.frame_store import FilmIndex, FilmStore
from realtime.capture.open_source import open_again, open_source
from realtime.capture.source import TimedFrame
from tests.realtime.capture.films import write_folder
from tests.realtime.capture.test_films_as_they_are import film


def store_of(path: Path, fps: float | None = None) -> tuple[FilmStore, list[TimedFrame]]:
    address, index = parse_source(str(path)), FilmIndex()
    frames = []
    with open_source(address, fps=fps, index=index) as source:
        while (frame := source.read()) is not None:
            frames.append(frame)
    return FilmStore(lambda entry: open_again(address, fps, entry), index), frames


@pytest.mark.parametrize("fps", [None, 50.0])
@pytest.mark.parametrize("bframes", [0, 2])
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        *(("mp4", "libx264"), ("mkv", "libx264"), ("ts", "libx264"), ("avi", "libx264")),
        *(("avi", "mpeg4"), ("mkv", "mjpeg")),
    ],
)
def test_any_part_of_a_film_comes_again_as_it_was(
    tmp_path: Path, suffix: str, codec: str, bframes: int, fps: float | None
) -> None:
    store, frames = store_of(film(tmp_path / f"a.{suffix}", 100, codec, bframes=bframes), fps)
    for first in (0, 7, 31, 60, 95):
        reader = store.reader(frames[first].t_ns - 1, frames[first].t_ns)
        for wanted in frames[first : first + 10]:
            frame = reader.next(0.0)
            assert frame is not None
            assert frame.t_ns == wanted.t_ns
            assert np.array_equal(frame.image, wanted.image)
        reader.close()
        assert reader.ended
    still = store.hold(frames[50].t_ns + 1_000_000, 100_000_000)()
    assert still is not None
    assert np.array_equal(still.image, frames[50].image)
    assert store.hold(frames[-1].t_ns + 10**9, 100_000_000)() is None


def test_a_film_is_entered_at_a_keyframe_and_not_read_from_its_beginning(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", 300, bframes=2)
    address, index = parse_source(str(path)), FilmIndex()
    with open_source(address, index=index) as source:
        times = [frame.t_ns for frame in iter(source.read, None)]
    entry = index.before(times[200])
    assert entry is not None
    assert 0 <= (times[200] - entry.t_ns) / 1e9 <= 1.0
    with open_again(address, None, entry) as again:
        frame = again.read()
        assert frame is not None
        assert frame.t_ns == entry.t_ns


def test_behind_a_restart_a_reader_begins_with_it(tmp_path: Path) -> None:
    one = film(tmp_path / "1.ts", 40)
    two = film(tmp_path / "2.ts", 40, first=40)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    store, frames = store_of(joined)
    reader = store.reader(frames[30].t_ns, frames[60].t_ns)
    frame = reader.next(0.0)
    reader.close()
    assert frame is not None
    assert frame.restart
    assert frame.t_ns == frames[40].t_ns
    assert np.array_equal(frame.image, frames[40].image)


def test_a_folder_of_pictures_comes_again(tmp_path: Path) -> None:
    store, frames = store_of(write_folder(tmp_path / "p", 30), 25.0)
    reader = store.reader(frames[12].t_ns, frames[15].t_ns)
    got = [frame.t_ns for frame in iter(lambda: reader.next(0.0), None)]
    assert got == [frame.t_ns for frame in frames[12:]]
