"""Files: every frame, at its own time, and nothing but the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.capture.video_file import VideoFile
from realtime.errors import SettingsError, SourceError
from tests.paths import MEDIA
from tests.realtime.capture.films import laid_down, write_film
from tests.servers import MjpegServer, number_of


def times_of(path: Path, fps: float | None = None) -> list[int]:
    with VideoFile(path, fps) as video:
        times = []
        while (shot := video.read()) is not None:
            times.append(shot.t_ns)
    return times


def test_a_variable_rate_is_kept_within_a_millisecond(tmp_path: Path) -> None:
    steps = np.random.default_rng(5).integers(5_000, 90_000, 60)
    wanted_us = np.concatenate([[0], np.cumsum(steps)])
    got_ns = times_of(write_film(tmp_path / "vfr.mp4", [int(t) for t in wanted_us]))
    assert len(got_ns) == len(wanted_us)
    assert np.abs(np.array(got_ns) - wanted_us * 1000).max() <= 1_000_000


def test_a_film_stored_slower_than_it_was_taken_is_placed_at_its_rate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    film = write_film(tmp_path / "fast.mp4", [n * 40_000 for n in range(30)])
    assert times_of(film, 200.0) == [n * 5_000_000 for n in range(30)]
    assert "its frames are placed at 200 fps, as --fps says" in caplog.text


@pytest.mark.parametrize(("suffix", "codec"), [("h264", "libx264"), ("mjpeg", "mjpeg")])
def test_a_bare_stream_of_pictures_has_no_times_of_its_own(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    film = write_film(tmp_path / f"a.{suffix}", [n * 40_000 for n in range(30)], codec)
    with pytest.raises(SettingsError, match="--fps"):
        VideoFile(film)
    assert times_of(film, 90.0) == [round(n * 1e9 / 90) for n in range(30)]


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_telephones_film_is_turned_upright(tmp_path: Path, quarter_turns: int) -> None:
    film = write_film(tmp_path / "upright.mp4", [0, 40_000])
    with VideoFile(film) as video:
        upright = video.read()
    with VideoFile(laid_down(film, quarter_turns)) as video:
        turned, info = video.read(), video.info
    assert upright is not None
    assert turned is not None
    assert (turned.image == np.rot90(upright.image, -quarter_turns)).all()
    assert turned.image.shape[:2] == (info.height, info.width)


def test_a_film_cut_short_gives_what_is_whole(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "a.mkv", [n * 40_000 for n in range(60)])
    content = whole.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(content[: len(content) * 6 // 10])
    assert 0 < len(times_of(cut)) < 60


def test_a_damaged_packet_is_counted_and_the_rest_delivered(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", [n * 40_000 for n in range(30)])
    content = bytearray(film.read_bytes())
    start = content.index(b"mdat") + 4
    end = content.index(b"moov")
    middle = (start + end) // 2
    content[middle : middle + 200] = b"\0" * 200
    film.write_bytes(content)
    with VideoFile(film) as video:
        numbers = []
        while (shot := video.read()) is not None:
            numbers.append(number_of(shot.image))
        assert video.undecodable > 0
    assert len(numbers) > 10


@pytest.mark.parametrize("content", [b"", b"no film at all", b"\0" * 4096])
def test_what_is_no_film_is_a_source_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.mp4"):
        VideoFile(path)


def test_a_playlist_under_the_name_of_a_film_opens_no_connection(tmp_path: Path) -> None:
    with MjpegServer(50) as server:
        path = tmp_path / "a.mp4"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{server.url}\n")
        with pytest.raises(SourceError):
            VideoFile(path)
        assert server.sent == 0


@pytest.mark.media
@pytest.mark.skipif(not MEDIA.exists(), reason="the clips of ../shared/media are not here")
@pytest.mark.parametrize(
    ("name", "frames"),
    [("webcam.mp4", 765), ("face_then_none.mov", 169), ("none_then_face.mov", 169)],
)
def test_real_films_come_whole(name: str, frames: int) -> None:
    times = times_of(MEDIA / name)
    assert len(times) == frames
    assert times == sorted(set(times))
