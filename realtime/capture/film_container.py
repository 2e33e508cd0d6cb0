"""Opens the container of a film and finds the film in it.

Only a regular file of this machine is opened, and handed to FFmpeg as a binary file object, so
that no protocol in a name is followed.  Only containers that hold their own pictures are read: a
playlist or session description under the name of a film would make FFmpeg open other files and
sockets.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, NoReturn

import av

from realtime.capture.address import printable_path
from realtime.encryption.media import decrypted
from realtime.errors import SourceError

_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,nut,mpeg,mpegts,flv,asf,ogg,mxf,gif,"
    "h264,hevc,m4v,mjpeg,ivf,yuv4mpegpipe"
)
_PICTURE_CODECS = {"mjpeg", "png", "bmp", "gif", "tiff", "webp"}  # of covers, beside a film


def open_container(path: Path) -> tuple[IO[bytes], av.container.InputContainer]:
    """The open file, and its container; close both.

    Raises:
        SourceError: it cannot be opened, or is not a video file that is read.
        DataError: it is a clip that is encrypted, and cannot be decrypted.
    """
    file = _open_regular(path)
    try:
        container = av.open(
            file,
            mode="r",
            io_open=_open_nothing_else,
            container_options={"format_whitelist": _CONTAINERS},
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError):
        file.close()
        raise SourceError(f"{printable_path(path)} is not a video file that can be read") from None
    return file, container


def film_stream(container: av.container.InputContainer, name: str) -> av.VideoStream:
    """The stream that is the film: the first, but for cover pictures and thumbnails.

    Raises:
        SourceError: there is none.
    """
    disposition = av.stream.Disposition
    still = disposition.attached_pic | disposition.timed_thumbnails | disposition.still_image
    films = [s for s in container.streams.video if not s.disposition & still]
    if not films:
        what = "only a cover picture" if container.streams.video else "no picture"
        raise SourceError(f"{name} holds {what}")
    return min(
        films,
        key=lambda s: (
            s.frames == 1,
            s.codec_context.name in _PICTURE_CODECS,
            not s.disposition & disposition.default,
            s.index,
        ),
    )


def _open_nothing_else(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError("a video file may not name other files")


def _open_regular(path: Path) -> IO[bytes]:
    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer without end.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    except OSError as error:
        raise SourceError(f"{printable_path(path)} cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceError(f"{printable_path(path)} is not a regular file")
    return decrypted(os.fdopen(descriptor, "rb"), path)


_BINARY = getattr(os, "O_BINARY", 0)  # Windows would otherwise translate line ends
