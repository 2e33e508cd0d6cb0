"""Films and folders of numbered pictures, made for a test."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2

from tests.servers import numbered


def write_film(path: Path, times_us: Sequence[int], codec: str = "libx264") -> Path:
    """A film with one numbered picture at each time, in whole microseconds."""
    with av.open(str(path), "w", options={"video_track_timescale": "1000000"}) as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = 320, 240
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1_000_000)
        for number, time_us in enumerate(times_us):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="bgr24")
            frame.pts, frame.time_base = time_us, Fraction(1, 1_000_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def laid_down(film: Path, quarter_turns: int) -> Path:
    """An MP4 that says, as a telephone's does, how its pictures are to be turned to the right.

    The track header's matrix of nine big-endian numbers is rewritten in place.
    """
    cosine, sine = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter_turns]
    unit = 1 << 16
    upright = struct.pack(">9i", unit, 0, 0, 0, unit, 0, 0, 0, 1 << 30)
    turned = struct.pack(
        ">9i", cosine * unit, sine * unit, 0, -sine * unit, cosine * unit, 0, 0, 0, 1 << 30
    )
    content = film.read_bytes()
    at = content.index(upright, content.index(b"tkhd"))  # the film's header has one of its own
    film.write_bytes(content[:at] + turned + content[at + len(turned) :])
    return film


def write_folder(path: Path, count: int, suffix: str = "png") -> Path:
    """Pictures `img1`, `img2`, … `img10`: natural order is not the order of letters."""
    path.mkdir()
    for number in range(count):
        cv2.imwrite(str(path / f"img{number + 1}.{suffix}"), numbered(number))
    return path
