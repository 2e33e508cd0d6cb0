"""Network cameras: Motion JPEG over HTTP, and RTSP, read by OpenCV's FFmpeg with time-outs.

Used through `open_source`.  The address may hold a password, so no message here repeats it or
anything FFmpeg says.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from realtime.capture.address import Address
from realtime.capture.opencv_source import OpenCvSource, reported_rate, silence_opencv
from realtime.capture.source import SourceKind
from realtime.errors import SourceError

OPEN_TIMEOUT_MS = 2000  # OpenCV's own 30 s would leave a lost stream unnoticed
READ_TIMEOUT_MS = 1000
_OPTIONS_VARIABLE = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_OPTIONS = {
    # A server may redirect, or send a playlist: neither may reach a file of this computer.
    "protocol_whitelist": "rtsp,rtsps,rtp,udp,tcp,tls,http,https,crypto",
    "rtsp_transport": "tcp",  # UDP loses parts of pictures, and half a picture moves like a face
    "fflags": "nobuffer",
}
_environment = threading.Lock()


def open_stream(address: Address) -> OpenCvSource:
    """Open a stream and take its first picture.

    Raises:
        SourceError: when nothing answers in time, or what answers sends no pictures.
    """
    silence_opencv()
    with _ffmpeg_options():
        capture = cv2.VideoCapture(
            address.text,
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS),
                *(cv2.CAP_PROP_N_THREADS, 1),  # each further thread holds one picture back
            ],
        )
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f"{address.name} cannot be opened: nothing that sends pictures answered within "
            f"{OPEN_TIMEOUT_MS / 1000:g} s; check host, port, path, user name and password"
        )
    # FFmpeg makes up 25 fps for Motion JPEG, which has no time base.
    reported = reported_rate(capture) if address.text.lower().startswith("rtsp") else None
    return OpenCvSource(
        capture, SourceKind.STREAM, address.name, requested_fps=None, reported_fps=reported
    )


@contextmanager
def _ffmpeg_options() -> Iterator[None]:
    """OpenCV takes FFmpeg's options from the environment, and only at opening."""
    with _environment:
        before = os.environ.get(_OPTIONS_VARIABLE)
        os.environ[_OPTIONS_VARIABLE] = "|".join(
            f"{key};{value}" for key, value in _OPTIONS.items()
        )
        try:
            yield
        finally:
            if before is None:
                del os.environ[_OPTIONS_VARIABLE]
            else:
                os.environ[_OPTIONS_VARIABLE] = before
