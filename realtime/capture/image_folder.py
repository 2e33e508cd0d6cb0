"""A folder of numbered pictures, as datasets and high-speed cameras deliver them.

Used through `open_source`.  Picture number `n`, counted from the first, stands at `n / fps`; one
that is missing or cannot be read leaves its place in time empty.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from realtime.capture.address import printable_path
from realtime.capture.picture_names import pictures, places
from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.errors import SettingsError, SourceError

logger = logging.getLogger(__name__)


class ImageFolder:
    """The pictures of one folder, or of a pattern, in natural order.

    Args:
        again: it was opened before, and what there is to say about it was said.

    Raises:
        SettingsError: when no rate is given; a guess would falsify every duration.
        SourceError: when there is no picture that can be read.
    """

    def __init__(self, path: Path, fps: float | None, *, again: bool = False) -> None:
        name = printable_path(path)
        self._files = pictures(path)
        if fps is None or not 0.0 < fps <= 10_000.0:
            raise SettingsError(f"{name} is a folder of pictures: give their rate with --fps")
        self._places = places(self._files)
        self.undecodable = 0
        self._fps = fps
        self._next = 0
        self._shape: tuple[int, ...] | None = None
        self._first = self._next_frame()
        if self._first is None:
            raise SourceError(f"{name} holds no picture that can be read")
        missing = self._places[-1] + 1 - len(self._files)
        remarks = (f"{missing} numbers are missing: their time stays empty",) if missing else ()
        for remark in remarks if not again else ():
            logger.warning("%s: %s", name, remark)
        height, width = self._first.image.shape[:2]
        self.info = SourceInfo(
            SourceKind.FOLDER,
            name,
            width,
            height,
            requested_fps=fps,
            reported_fps=None,
            live=False,
            frame_count=len(self._files),
            start_ns=self._first.t_ns,
            remarks=remarks,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> TimedFrame | None:
        """The next picture; None after the last."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._next_frame()

    def skip_to(self, t_ns: int) -> None:
        """The next picture is the first at or after a time that has not been read yet."""
        if self._first is not None and self._first.t_ns >= t_ns:
            return
        self._first = None
        while self._next < len(self._files) and self._time_ns(self._next) < t_ns:
            self._next += 1

    def close(self) -> None:
        """May be called twice."""
        self._next = len(self._files)

    def _next_frame(self) -> TimedFrame | None:
        while self._next < len(self._files):
            t_ns, file = self._time_ns(self._next), self._files[self._next]
            self._next += 1
            image = cv2.imdecode(_content(file), cv2.IMREAD_COLOR)
            if image is None:
                self._skip(file, "cannot be read")
            elif self._shape is not None and image.shape != self._shape:
                self._skip(file, "has another size than the first")
            else:
                self._shape = image.shape
                return TimedFrame(t_ns, np.asarray(image, np.uint8))
        return None

    def _time_ns(self, number: int) -> int:
        return round(self._places[number] * 1e9 / self._fps)

    def _skip(self, file: Path, reason: str) -> None:
        self.undecodable += 1
        if self.undecodable == 1:  # the others are in the count
            logger.warning(
                "%s %s; pictures like it are skipped and counted", printable_path(file), reason
            )


def _content(file: Path) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The file's bytes, at least one: `imdecode` raises on none at all."""
    try:
        content = file.read_bytes()
    except OSError:
        content = b""
    return np.frombuffer(content or b"\0", np.uint8)
