"""A live source read through OpenCV: what cameras and network streams have in common.

`camera.py` and `network_stream.py` open the `cv2.VideoCapture` and hand it over.  Pictures are
stamped with `time.monotonic_ns()` between grab and decode, the moment nearest to the exposure.
"""

from __future__ import annotations

import os
import time
from typing import Self

import cv2
import numpy as np

from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.errors import SourceError

# Pictures in a row that arrive and cannot be decoded before the source counts as gone.
UNDECODABLE_LIMIT = 30


def silence_opencv() -> None:
    """Keep OpenCV and its FFmpeg off stderr: their lines break a dashboard and quote addresses.

    To be called before the first `VideoCapture`, because FFmpeg's level is read once.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    # Seconds V4L2 waits for a picture before a grab fails; its own choice of 10 would leave an
    # unplugged camera unnoticed for as long.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    # Hardware transforms make Media Foundation take many seconds to open (opencv #17687).
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class OpenCvSource:
    """Pictures of an opened `cv2.VideoCapture`, which it owns from here on.

    Raises:
        SourceError: when not one picture comes.
    """

    def __init__(
        self,
        capture: cv2.VideoCapture,
        kind: SourceKind,
        name: str,
        *,
        requested_fps: float | None,
        reported_fps: float | None,
        remarks: tuple[str, ...] = (),
    ) -> None:
        self.undecodable = 0
        self._grabbed_ns = 0
        self._capture = capture
        # Drivers report sizes and accept rates that they do not deliver: the first picture decides.
        self._first = self._grab()
        if self._first is None:
            self.close()
            raise SourceError(f"{name} opened, but gave no picture")
        height, width = self._first.image.shape[:2]
        self.info = SourceInfo(
            kind,
            name,
            width,
            height,
            requested_fps=requested_fps,
            reported_fps=reported_fps,
            live=True,
            frame_count=None,
            remarks=remarks,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> TimedFrame | None:
        """The next picture; None when the source is gone."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._grab()

    @property
    def age_ms(self) -> float | None:
        """From the driver's time stamp of the newest picture to its grab.

        V4L2 stamps the start of the read-out, on the clock that `time.monotonic` reads; other
        drivers give a position, or nothing.
        """
        if self.info.kind is not SourceKind.CAMERA:
            return None
        stamp_ms = float(self._capture.get(cv2.CAP_PROP_POS_MSEC))
        age_ms = self._grabbed_ns / 1e6 - stamp_ms
        return age_ms if stamp_ms > 0 and 0 <= age_ms < 1000 else None

    def close(self) -> None:
        """May be called twice."""
        self._capture.release()

    def _grab(self) -> TimedFrame | None:
        for _ in range(UNDECODABLE_LIMIT):
            if not self._capture.grab():
                return None
            t_ns = self._grabbed_ns = time.monotonic_ns()
            decoded, image = self._capture.retrieve()
            if decoded and image is not None and image.ndim == 3:
                return TimedFrame(t_ns, np.asarray(image, np.uint8))
            self.undecodable += 1
        return None


def reported_rate(capture: cv2.VideoCapture) -> float | None:
    """Frames per second as the driver or stream reports; None where it reports none."""
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    return rate if 0.0 < rate <= 1000.0 else None
