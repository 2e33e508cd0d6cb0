"""What a source of pictures is: camera, file, folder, stream or the built-in demonstration.

The capture thread (`reader_thread.py`) owns the one open source and is its only caller.
Times are integer nanoseconds: live sources stamp `time.monotonic_ns()` right after the grab,
files and folders give the time of their own time line.  Images are (h, w, 3) BGR.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

OPEN_S = 20.0  # cameras behind a recorder, and Media Foundation, take 15 s


class SourceKind(Enum):
    CAMERA = "camera"
    FILE = "file"
    FOLDER = "folder"
    STREAM = "stream"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Properties of an open source."""

    kind: SourceKind
    name: str  # printable: holds no user name, password or query
    width: int
    height: int
    requested_fps: float | None  # by the user
    reported_fps: float | None  # by the driver or the file
    live: bool  # its frames arrive in real time, and are lost if they are not read
    frame_count: int | None  # of a file or folder, where it is known
    length_s: float | None = None  # of a file's picture, as its header states it
    start_ns: int = 0  # of the first frame of a file, on the file's own time line
    remarks: tuple[
        str, ...
    ] = ()  # where the device does not deliver what was requested: lines for the user


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """One picture as the source gave it; the caller may keep its memory."""

    t_ns: int
    image: NDArray[np.uint8]  # (h, w, 3) BGR
    restart: str = ""  # why it does not continue the frame before; empty: it does
    stamp_ns: int | None = None  # the source's own time stamp, on its own clock; None: it has none
    waited_ns: int | None = None  # how long the reader waited for it; None: not known


def size_change(before: tuple[int, ...], now: tuple[int, ...]) -> str:
    """Why a frame of another shape (h, w, 3) does not continue the ones before it."""
    return f"picture size changes from {before[1]}x{before[0]} to {now[1]}x{now[0]}"


class Source(Protocol):
    """An open source.  Used by one thread; `close` may be called twice."""

    @property
    def info(self) -> SourceInfo: ...

    @property
    def undecodable(self) -> int:
        """Frames skipped so far: damaged, or dependent on one that is."""
        ...

    def read(self) -> TimedFrame | None:
        """The next picture; None when a file has ended or a live source is gone."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
