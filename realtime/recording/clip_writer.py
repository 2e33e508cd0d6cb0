"""A clip: H.264 in fragmented MP4, with the true time of every frame, readable after a kill.

Written by the recorder's thread.  Each frame is a fragment of its own and leaves the process at
once, so `kill -9` costs the last frame or two and never the clip.  While it is written a clip is
called NAME.part.mp4; the name NAME.mp4 means that it is whole.

Times in are `t_ns`; in the file they count microseconds from the clip's first frame.  A nominal
rate is never used: the frames of a webcam are not regular.
"""

from __future__ import annotations

import logging
import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.atomic_file import sync_folder
from realtime.encryption.media import open_media
from realtime.encryption.sealed_file import SealWriter
from realtime.errors import RecordingError, recording_error
from realtime.recording.private_file import create_private, write_all

if sys.platform != "win32":
    import fcntl

_TIME_BASE = Fraction(1, 1_000_000)
_KEYFRAME_EVERY = 15  # frames: where a player can jump to
SUFFIX = ".part.mp4"
CONTAINER = {
    "movflags": "frag_every_frame+empty_moov+default_base_moof",
    "flush_packets": "1",
    "video_track_timescale": str(_TIME_BASE.denominator),
}
# zerolatency: a packet comes out for each frame that goes in, so none waits inside the encoder
_ENCODER = {"crf": "18", "preset": "veryfast", "tune": "zerolatency"}
_BT601 = 6  # what the conversion from BGR computes; untagged, players guess by the picture's size
_log = logging.getLogger(__name__)


class ClipSink:
    """The file as FFmpeg sees it.  After an error it ignores the rest, so that the container
    can still be closed; the caller then truncates the file to `whole`."""

    def __init__(self, descriptor: int, key: bytes | None = None) -> None:
        self.descriptor = descriptor
        self.error: OSError | None = None
        self._seal = None if key is None else SealWriter(descriptor, key)
        self._whole = self._whole_chunks = 0  # bytes and chunks up to the last whole fragment

    def write(self, data: bytes) -> int:
        if self.error is None:
            try:
                if self._seal is None:
                    write_all(self.descriptor, data)
                else:
                    self._seal.write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def mark_whole(self) -> None:
        """All that was written makes whole fragments."""
        self._whole = os.lseek(self.descriptor, 0, os.SEEK_CUR)
        self._whole_chunks = 0 if self._seal is None else self._seal.chunks

    def finish(self) -> None:
        """After an error cut what is not whole; an encrypted file gets its last chunk.

        Raises:
            OSError: it cannot be written.
        """
        if self.error is not None:
            os.ftruncate(self.descriptor, self._whole)
            os.lseek(self.descriptor, self._whole, os.SEEK_SET)
        else:
            self.mark_whole()
        if self._seal is not None:
            self._seal.finish(self._whole_chunks)


class ClipWriter:
    """Writes one clip.  Not shared between threads.

    Args:
        path: the finished clip, NAME.mp4, in a folder that exists.
        width, height: of the frames in pixels; odd ones are padded by one row or column.
        key: the clip is encrypted with; None: it is not.

    Raises:
        DiskFull, RecordingError: if the file cannot be made.
    """

    def __init__(self, path: Path, width: int, height: int, key: bytes | None = None) -> None:
        self.path = path
        self.frames = 0  # handed over; after `close` the frames that are in the file
        self._size = (width, height)
        self._first_ns: int | None = None
        self._pts = -1
        self._closed = False
        self._part = path.with_name(path.stem + SUFFIX)
        if path.exists():
            raise RecordingError(f"{path} exists already")
        try:
            descriptor = create_private(self._part)
        except OSError as error:
            raise recording_error(error, str(self._part)) from error
        _lock(descriptor)
        self._sink = ClipSink(descriptor, key)
        self._container = av.open(self._sink, "w", format="mp4", options=dict(CONTAINER))
        self._stream = self._add_stream(width + width % 2, height + height % 2)

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, image: NDArray[np.uint8], t_ns: int) -> None:
        """Add one BGR frame (h, w, 3); `t_ns` must grow.

        Raises:
            DiskFull, RecordingError: if it cannot be written.  What was written before stays
                readable; only `close` makes sense then.
        """
        height, width = image.shape[:2]
        if (width, height) != self._size:
            was = "×".join(map(str, self._size))
            raise RecordingError(f"{self.path.name}: frames changed from {was} to {width}×{height}")
        if self._first_ns is None:
            self._first_ns = t_ns
        # frames nearer than a microsecond still get times of their own
        self._pts = max(self._pts + 1, round((t_ns - self._first_ns) / 1000))
        if width % 2 or height % 2:
            image = cv2.copyMakeBorder(  # type: ignore[assignment]
                image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE
            )
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
        frame.pts = self._pts
        frame.time_base = _TIME_BASE
        try:
            self._mux(self._stream.encode(frame))
        except av.FFmpegError as error:
            raise RecordingError(
                f"{self.path.name}: the encoder did not accept a frame: {error}"
            ) from error
        self.frames += 1

    def close(self) -> None:
        """Finish the file and give it its name; a clip without any frame is removed.

        May be called twice.

        Raises:
            RecordingError: if the name cannot be given.  A disk that is full by now costs the
                last frame and raises nothing; see `frames`.
        """
        if self._closed:
            return
        self._closed = True
        failed_before = self._sink.error is not None
        if not failed_before and self.frames:
            for packet in self._stream.encode(None):
                self._container.mux(packet)
        self._container.close()
        try:
            self._sink.finish()
            os.fsync(self._sink.descriptor)
        except OSError as error:
            raise recording_error(error, str(self.path)) from error
        finally:
            os.close(self._sink.descriptor)
        self._name()

    def discard(self) -> None:
        """Close the file and remove it.

        Raises:
            RecordingError: if it cannot be removed.
        """
        self.frames = 0
        self.close()

    def _name(self) -> None:
        if self._sink.error is not None:
            self.frames = readable_frames(self._part)
        try:
            if self.frames:
                os.rename(self._part, self.path)
            else:
                self._part.unlink()
            sync_folder(self.path.parent)
        except OSError as error:
            raise recording_error(error, str(self.path)) from error

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            self._container.mux(packet)
        if self._sink.error is not None:
            raise recording_error(self._sink.error, str(self.path)) from self._sink.error
        self._sink.mark_whole()

    def _add_stream(self, width: int, height: int) -> Any:
        stream = self._container.add_stream("libx264", options=dict(_ENCODER))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = _TIME_BASE
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = _KEYFRAME_EVERY
        stream.codec_context.colorspace = _BT601
        return stream


def readable_frames(path: Path) -> int:
    """Frames that decode from the start of a file; 0 if it is no clip at all.

    Raises DataError: it is encrypted, and cannot be decrypted.
    """
    count = 0
    with open_media(path) as file:
        try:
            with av.open(file, mode="r") as container:
                for _ in container.decode(video=0):
                    count += 1
        # OSError: of an empty file; IndexError: no video stream in it
        except (av.FFmpegError, OSError, IndexError):
            _log.debug("%s: %d readable frames", path, count)
    return count


def _lock(descriptor: int) -> None:
    """Lock the clip against other programs; the system releases the lock when this one ends."""
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
