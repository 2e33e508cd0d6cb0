"""Films as cameras, telephones, browsers and converters write them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.capture.source import TimedFrame
from realtime.capture.video_file import VideoFile
from realtime.errors import SourceError
from tests.servers import number_of, numbered

FPS = 30
MS = 1_000_000


def film(
    path: Path,
    count: int = 40,
    codec: str = "libx264",
    *,
    first: int = 0,
    stamps: Sequence[int] | None = None,
    size: tuple[int, int] = (320, 240),
    options: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    bframes: int = 0,
    pairs: bool = False,
) -> Path:
    """Numbered pictures at 30 fps, or at `stamps` in milliseconds."""
    with av.open(str(path), "w", options=options or {}) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=FPS, options=_b_frames(codec, bframes))
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if stamps is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(numbered(first + index, *size), format="bgr24")
            frame.pts = index if stamps is None else stamps[index]
            frame.time_base = Fraction(1, FPS) if stamps is None else Fraction(1, 1000)
            container.mux(_twice(stream.encode(frame), pairs=pairs))
        container.mux(_twice(stream.encode(None), pairs=pairs))
    return path


def _twice(packets: list[av.Packet], *, pairs: bool) -> list[av.Packet]:
    """Packets whose time stamps come in pairs."""
    for packet in packets if pairs else ():
        packet.pts = packet.dts = packet.pts // 66 * 66
    return packets


def _b_frames(codec: str, count: int) -> dict[str, str]:
    if codec == "libx264":
        return {"bf": str(count), "b-pyramid": "normal", "g": "30"}
    return {"bf": str(count), "qscale": "2"} if codec == "mpeg4" else {}


def shown(path: Path, fps: float | None = None) -> tuple[list[TimedFrame], VideoFile]:
    with VideoFile(path, fps) as video:
        frames = []
        while (frame := video.read()) is not None:
            frames.append(frame)
        return frames, video


def numbers(frames: list[TimedFrame]) -> list[int]:
    return [number_of(frame.image) for frame in frames]


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("bframes", [0, 1, 2, 3])
@pytest.mark.parametrize("container", ["avi", "mp4", "mkv", "ts"])
def test_b_frames_come_in_the_order_of_showing_at_their_times(
    tmp_path: Path, codec: str, bframes: int, container: str
) -> None:
    frames, video = shown(film(tmp_path / f"a.{container}", codec=codec, bframes=bframes))
    assert numbers(frames) == list(range(40))
    assert video.undecodable == 0
    times = np.array([frame.t_ns for frame in frames])
    assert np.abs(times - np.arange(40) * 1e9 / FPS).max() <= MS
    assert not any(frame.restart for frame in frames)


@pytest.mark.parametrize("bframes", [0, 2])
@pytest.mark.parametrize("length", [15, 30, 40])
def test_two_recordings_joined_go_on_and_say_so(tmp_path: Path, bframes: int, length: int) -> None:
    one = film(tmp_path / "1.ts", length, bframes=bframes)
    two = film(tmp_path / "2.ts", first=length, bframes=bframes)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    frames, video = shown(joined)
    assert numbers(frames) == list(range(length + 40))
    assert video.undecodable == 0
    times = np.array([frame.t_ns for frame in frames])
    assert np.abs(times - np.arange(length + 40) * 1e9 / FPS).max() <= MS
    assert [n for n, frame in enumerate(frames) if frame.restart] == [length]
    assert "jump back by" in frames[length].restart


def test_a_clock_set_ahead_by_an_hour_goes_on(tmp_path: Path) -> None:
    stamps = [n * 40 + (3_600_000 if n >= 20 else 0) for n in range(40)]
    frames, _ = shown(film(tmp_path / "a.mkv", stamps=stamps))
    assert np.abs(np.array([f.t_ns for f in frames]) - np.arange(40) * 40 * MS).max() <= MS
    assert [n for n, frame in enumerate(frames) if frame.restart] == [20]
    assert "jump ahead by 3600 s" in frames[20].restart


@pytest.mark.parametrize("codec", ["libx264", "libvpx", "mpeg4"])
def test_a_picture_that_changes_its_size_is_followed(tmp_path: Path, codec: str) -> None:
    suffix = "webm" if codec == "libvpx" else "ts"
    parts = [
        film(tmp_path / f"1.{suffix}", 30, codec, size=(160, 120)),
        film(tmp_path / f"2.{suffix}", 30, codec, first=30),
    ]
    joined = tmp_path / f"joined.{suffix}"
    if suffix == "ts":
        joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    else:
        _remux(parts, joined)
    frames, video = shown(joined)
    assert [frame.image.shape[:2] for frame in frames] == [(120, 160)] * 30 + [(240, 320)] * 30
    assert numbers(frames[30:]) == list(range(30, 60))
    assert video.undecodable == 0


def _remux(parts: Sequence[Path], joined: Path) -> None:
    """Packets of several films under the header of the first, as a browser's recorder does."""
    with av.open(str(joined), "w") as out:
        target = None
        offset = 0
        for part in parts:
            with av.open(str(part)) as source:
                stream = source.streams.video[0]
                target = target or out.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if packet.pts is None:
                        continue
                    packet.pts += offset
                    packet.dts = packet.pts
                    packet.stream = target
                    last = packet.pts
                    out.mux(packet)
                offset = last + 33


@pytest.mark.parametrize(
    ("stored", "aspect", "seen"),
    [
        ((720, 576), Fraction(64, 45), (1024, 576)),
        ((720, 480), Fraction(8, 9), (720, 540)),
        ((320, 240), Fraction(1), (320, 240)),
    ],
)
def test_pixels_that_are_not_square_are_stretched(
    tmp_path: Path, stored: tuple[int, int], aspect: Fraction, seen: tuple[int, int]
) -> None:
    frames, video = shown(film(tmp_path / "a.mp4", 3, size=stored, aspect=aspect))
    assert (video.info.width, video.info.height) == seen
    assert frames[0].image.shape == (seen[1], seen[0], 3)


def _with_cover(path: Path, pictures: Path | None, first: bool) -> Path:
    """A cover picture and a film in one file, as music and telephones have it."""
    with av.open(str(path), "w") as out:
        tracks = []
        if pictures is not None:
            source = av.open(str(pictures))
            video = source.streams.video[0]
        if not first and pictures is not None:
            tracks.append(("film", out.add_stream_from_template(video)))
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        tracks.append(("cover", cover))
        if first and pictures is not None:
            tracks.append(("film", out.add_stream_from_template(video)))
        still = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="bgr24")
        still.pts = 0
        out.mux(cover.encode(still))
        out.mux(cover.encode(None))
        if pictures is not None:
            target = dict(tracks)["film"]
            for packet in source.demux(video):
                if packet.dts is not None:
                    packet.stream = target
                    out.mux(packet)
            source.close()
    return path


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_cover_picture_is_not_the_film(tmp_path: Path, first: bool, suffix: str) -> None:
    plain = film(tmp_path / f"plain.{suffix}", 20)
    frames, _ = shown(_with_cover(tmp_path / f"covered.{suffix}", plain, first))
    assert numbers(frames) == list(range(20))


def test_nothing_but_a_cover_picture_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="only a cover picture"):
        VideoFile(_with_cover(tmp_path / "a.mp4", None, True))


def _sounding(path: Path, late_ms: int) -> Path:
    """A film whose picture begins `late_ms` after its sound."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=48_000)
        stream = container.add_stream("libx264", rate=FPS, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for n in range(60):
            silence = np.zeros((1, 1024), np.float32)
            block = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            block.sample_rate, block.pts = 48_000, n * 1024
            block.time_base = Fraction(1, 48_000)
            container.mux(sound.encode(block))
        container.mux(sound.encode(None))
        for n in range(20):
            frame = av.VideoFrame.from_ndarray(numbered(n), format="bgr24")
            frame.pts, frame.time_base = late_ms + n * 33, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("late_ms", [0, 500])
def test_times_are_those_of_the_files_own_time_line(
    tmp_path: Path, suffix: str, late_ms: int
) -> None:
    frames, video = shown(_sounding(tmp_path / f"a.{suffix}", late_ms))
    assert numbers(frames) == list(range(20))
    # sound has some milliseconds of its encoder's before it
    assert abs(frames[0].t_ns - late_ms * MS) <= 45 * MS
    assert video.info.start_ns == frames[0].t_ns


def test_slow_motion_of_a_telephone_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slow = film(
        tmp_path / "a.mp4",
        tags={"com.android.capture.fps": "240.000000"},
        options={"movflags": "use_metadata_tags"},
    )
    frames, video = shown(slow)
    times = np.array([frame.t_ns for frame in frames])
    assert np.abs(times - np.arange(40) * 1e9 / 240).max() <= MS / 10
    assert video.info.reported_fps == pytest.approx(240)
    assert "slow motion: taken at 240 fps" in caplog.text


def test_equal_time_stamps_are_spread(tmp_path: Path) -> None:
    stamps = [n * 33 for n in range(40)]
    path = film(tmp_path / "a.mkv", codec="mjpeg", stamps=stamps, pairs=True)
    frames, video = shown(path)
    assert numbers(frames) == list(range(40))
    assert np.diff([frame.t_ns for frame in frames]).min() >= 30 * MS
    assert video.undecodable == 0
