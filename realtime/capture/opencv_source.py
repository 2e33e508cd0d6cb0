"""A camera read through OpenCV.

`camera.py` opens the `cv2.VideoCapture` and hands it over.  Pictures carry the driver's own time
stamp where it gives one: V4L2 stamps the start of the read-out on the clock that `time.monotonic`
reads, which a busy machine does not delay.  Elsewhere they are stamped between grab and decode.
"""

from __future__ import annotations

import os
import time
from typing import Self

import cv2
import numpy as np

from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.capture.torn_picture import TearFinder
from realtime.errors import SourceError

_MAX_AGE_NS = 1_000_000_000  # of a driver's time stamp at the grab; a greater one is another clock
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

    Args:
        jpeg: the camera sends JPEGs, whose damage OpenCV does not report.

    Raises:
        SourceError: when not one picture comes.
    """

    def __init__(
        self,
        capture: cv2.VideoCapture,
        name: str,
        *,
        jpeg: bool,
        requested_fps: float | None,
        reported_fps: float | None,
        remarks: tuple[str, ...] = (),
    ) -> None:
        self.undecodable = 0
        self._capture = capture
        self._tears = TearFinder() if jpeg else None
        self._driver_stamps = True  # as long as they are plausible
        self._age_ms: float | None = None
        self._last_ns = 0
        # Drivers report sizes and accept rates that they do not deliver: the first picture decides.
        self._first = self._grab()
        if self._first is None:
            self.close()
            raise SourceError(f"{name} opened, but gave no picture")
        height, width = self._first.image.shape[:2]
        self.info = SourceInfo(
            SourceKind.CAMERA,
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
        """From the driver's time stamp of the newest picture to its grab; None: it gives none."""
        return self._age_ms

    def close(self) -> None:
        """May be called twice."""
        self._capture.release()

    def _grab(self) -> TimedFrame | None:
        for _ in range(UNDECODABLE_LIMIT):
            if not self._capture.grab():
                return None
            t_ns = self._stamp(time.monotonic_ns())
            decoded, image = self._capture.retrieve()
            if decoded and image is not None and image.ndim == 3:
                picture = np.asarray(image, np.uint8)
                if self._tears is None or not self._tears.is_torn(picture):
                    return TimedFrame(t_ns, picture)
            self.undecodable += 1
        return None

    def _stamp(self, grabbed_ns: int) -> int:
        """When the picture was taken, as nearly as is known; always later than the one before.

        Some drivers give a position, or nothing: from the first of these on, the grab counts.
        """
        stamp_ns = round(float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) * 1e6)
        age_ns = grabbed_ns - stamp_ns
        self._driver_stamps &= self._last_ns < stamp_ns and 0 <= age_ns < _MAX_AGE_NS
        self._age_ms = age_ns / 1e6 if self._driver_stamps else None
        self._last_ns = stamp_ns if self._driver_stamps else grabbed_ns
        return self._last_ns


def reported_rate(capture: cv2.VideoCapture) -> float | None:
    """Frames per second as the driver or stream reports; None where it reports none."""
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    return rate if 0.0 < rate <= 1000.0 else None
