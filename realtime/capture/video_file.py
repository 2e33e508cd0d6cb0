"""Video files, decoded by PyAV, every frame with the file's own time stamp.

A high-speed camera stores its film at a rate for viewing, and a bare stream of pictures (`.h264`)
knows no times at all: frame number `n` of a film whose rate is given stands at `n / fps`.

Used through `open_source`.  Only a regular file of this machine is opened, and handed to FFmpeg
as a binary file object, so that no protocol in a name is followed.  Only containers that hold
their own pictures are read: a playlist or session description under the name of a film would
make FFmpeg open other files and sockets.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import IO, NoReturn, Self

import av
import numpy as np
from numpy.typing import NDArray

from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.errors import SettingsError, SourceError

logger = logging.getLogger(__name__)

_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,nut,mpeg,mpegts,flv,asf,ogg,mxf,gif,"
    "h264,hevc,m4v,mjpeg,ivf,yuv4mpegpipe"
)
_TIMELESS = {"h264", "hevc", "m4v", "mjpeg"}  # FFmpeg would make times up


class VideoFile:
    """One video file, in order, to its end.

    Args:
        path: the file.
        fps: the rate it was filmed at, where its own times are wrong or missing.

    Raises:
        SourceError: when the file cannot be opened or holds no picture.
        SettingsError: when its pictures have no times and no rate is given.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        self.undecodable = 0
        self._fps = fps
        self._name = str(path)
        self._file = _open_regular(path)
        try:
            self._container = av.open(
                self._file,
                mode="r",
                io_open=_open_nothing_else,
                container_options={"format_whitelist": _CONTAINERS},
            )
        except (av.FFmpegError, OSError, ValueError):
            self._file.close()
            raise SourceError(f"{path} is not a video file that can be read") from None
        if not self._container.streams.video:
            self.close()
            raise SourceError(f"{path} holds no picture")
        if self._container.format.name in _TIMELESS and fps is None:
            self.close()
            raise SettingsError(f"{path} holds pictures without times: give their rate with --fps")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._packets = self._container.demux(self._stream)
        self._decoded: list[av.VideoFrame] = []
        self._number = -1  # of the last frame decoded
        self._last_ns: int | None = None
        self._zero_ns = 0
        first = self._next_shot()
        if first is None:
            self.close()
            raise SourceError(f"no picture of {path} could be decoded")
        self._first: TimedFrame | None = first
        height, width = first.image.shape[:2]
        rate = self._stream.average_rate if self._container.format.name not in _TIMELESS else None
        if fps and rate and abs(fps / float(rate) - 1) > 0.01:
            logger.warning(
                "%s says %.5g frames a second; they are placed at %.5g, as --fps says",
                *(path, float(rate), fps),
            )
        self.info = SourceInfo(
            SourceKind.FILE,
            self._name,
            width,
            height,
            requested_fps=fps,
            reported_fps=float(rate) if rate else None,
            live=False,
            frame_count=self._stream.frames or None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> TimedFrame | None:
        """The next frame; None at the end of the file."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._next_shot()

    def close(self) -> None:
        """May be called twice."""
        self._container.close()
        self._file.close()

    def _next_shot(self) -> TimedFrame | None:
        while True:
            frame = self._next_frame()
            if frame is None:
                return None
            self._number += 1
            t_ns = self._time_ns(frame)
            if t_ns is None or frame.is_corrupt:
                self.undecodable += 1
                continue
            if self._last_ns is None:
                self._zero_ns = min(0, t_ns)  # edit lists may begin below zero
            t_ns -= self._zero_ns
            if self._last_ns is not None and t_ns <= self._last_ns:
                self.undecodable += 1
                continue
            self._last_ns = t_ns
            return TimedFrame(t_ns, _upright(frame))

    def _time_ns(self, frame: av.VideoFrame) -> int | None:
        if self._fps is not None:
            return round(self._number * 1e9 / self._fps)
        if frame.pts is None or frame.time_base is None:
            return None
        # Whole-number arithmetic: a float loses the nanoseconds of a long file.
        base = frame.time_base
        return int(frame.pts * base.numerator * 1_000_000_000 // base.denominator)

    def _next_frame(self) -> av.VideoFrame | None:
        while not self._decoded:
            try:
                packet = next(self._packets, None)
            except av.FFmpegError:  # cut short: what was whole has been given
                self.undecodable += 1
                return None
            if packet is None:
                return None
            try:
                self._decoded = list(packet.decode())
            except av.InvalidDataError:
                self.undecodable += 1
        return self._decoded.pop(0)


def _open_nothing_else(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError("a video file may not name other files")


def _open_regular(path: Path) -> IO[bytes]:
    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceError(f"{path} is not a regular file")
    return os.fdopen(descriptor, "rb")


_BINARY = getattr(os, "O_BINARY", 0)  # Windows would otherwise translate line ends


def _upright(frame: av.VideoFrame) -> NDArray[np.uint8]:
    image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    # A telephone held upright stores the picture lying down and says by how much.
    quarter_turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image
