"""A folder of numbered pictures, as datasets and high-speed cameras deliver them.

Used through `open_source`.  Picture number `n` in natural order ("img2" before "img10") stands
at `n / fps`; one that is skipped leaves its place in time empty.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.errors import SettingsError, SourceError

logger = logging.getLogger(__name__)

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}


class ImageFolder:
    """The pictures of one folder, in natural order.

    Raises:
        SettingsError: when no rate is given; a guess would falsify every duration.
        SourceError: when the folder holds no picture that can be read.
    """

    def __init__(self, path: Path, fps: float | None) -> None:
        if fps is None or not 0.0 < fps <= 10_000.0:
            raise SettingsError(f"{path} is a folder of pictures: give their rate with --fps")
        self.undecodable = 0
        self._fps = fps
        self._files = _pictures(path)
        self._at = 0
        self._shape: tuple[int, ...] | None = None
        self._first = self._next_shot()
        if self._first is None:
            raise SourceError(
                f"{path} holds no picture that can be read ({', '.join(sorted(SUFFIXES))})"
            )
        height, width = self._first.image.shape[:2]
        self.info = SourceInfo(
            SourceKind.FOLDER,
            str(path),
            width,
            height,
            requested_fps=fps,
            reported_fps=None,
            live=False,
            frame_count=len(self._files),
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
        return self._next_shot()

    def close(self) -> None:
        """May be called twice."""
        self._at = len(self._files)

    def _next_shot(self) -> TimedFrame | None:
        while self._at < len(self._files):
            number, file = self._at, self._files[self._at]
            self._at += 1
            image = cv2.imdecode(_content(file), cv2.IMREAD_COLOR)
            if image is None:
                self._refuse(file, "cannot be read")
            elif self._shape is not None and image.shape != self._shape:
                self._refuse(file, "has another size than the first")
            else:
                self._shape = image.shape
                return TimedFrame(round(number * 1e9 / self._fps), np.asarray(image, np.uint8))
        return None

    def _refuse(self, file: Path, reason: str) -> None:
        self.undecodable += 1
        if self.undecodable == 1:  # the others are in the count
            logger.warning("%s %s; pictures like it are skipped and counted", file, reason)


def _pictures(folder: Path) -> list[Path]:
    try:
        return sorted(
            (f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES and f.is_file()),
            key=_natural,
        )
    except OSError as error:
        raise SourceError(f"{folder} cannot be listed: {error.strerror}") from None


def _natural(file: Path) -> tuple[list[tuple[int, str]], str]:
    """Runs of digits compare as numbers; the name itself settles "1.png" against "01.png"."""
    parts = re.findall(r"[0-9]+|[^0-9]+", file.name.lower())
    return [(int(p), "") if p[0].isdecimal() else (-1, p) for p in parts], file.name


def _content(file: Path) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The file's bytes, at least one: `imdecode` raises on none at all."""
    try:
        content = file.read_bytes()
    except OSError:
        content = b""
    return np.frombuffer(content or b"\0", np.uint8)
