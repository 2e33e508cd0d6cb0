"""Where pictures come from: one contract for cameras, files, folders and streams."""

from __future__ import annotations

from contextlib import suppress

from realtime.capture.address import Address
from realtime.capture.camera import open_camera
from realtime.capture.frame_store import EntryPoint, FilmIndex, RepeatedSource
from realtime.capture.image_folder import ImageFolder
from realtime.capture.network_stream import NetworkStream
from realtime.capture.source import OPEN_S, Source, SourceKind
from realtime.capture.video_file import VideoFile
from realtime.errors import SourceError


def open_source(
    address: Address,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    fourcc: str = "MJPG",
    open_s: float = OPEN_S,
    index: FilmIndex | None = None,
) -> Source:
    """Open what an address names; size and pixel format concern cameras only.

    Args:
        address: from `parse_source`.
        size: width, height requested of a camera.
        fps: rate requested of a camera; the rate a folder's pictures, or a film, were taken at.
        fourcc: pixel format requested of a camera.
        open_s: how long a stream may take to its first picture.

    Raises:
        SourceError: when it cannot be opened or gives no picture.
        SettingsError: when an option does not fit the source.
    """
    match address.kind:
        case SourceKind.CAMERA:
            return open_camera(address.index, size=size, fps=fps, fourcc=fourcc)
        case SourceKind.FILE:
            return VideoFile(address.path, fps, index=index)
        case SourceKind.FOLDER:
            return ImageFolder(address.path, fps)
        case SourceKind.STREAM:
            return NetworkStream(address, open_s)
        case SourceKind.DEMO:
            raise ValueError("the demonstration has no address")


def open_again(address: Address, fps: float | None, entry: EntryPoint | None) -> RepeatedSource:
    """Open a film or a folder of pictures a second time, to read a part of it.

    Args:
        entry: of the index of the first reading; None: from the beginning.

    Raises:
        SourceError: when it cannot be opened any more.
    """
    if address.kind is SourceKind.FOLDER:
        return ImageFolder(address.path, fps, again=True)
    if entry is not None:
        with suppress(SourceError):  # its keyframe is not where it was: read from the beginning
            return VideoFile(address.path, fps, again=True, entry=entry)
    return VideoFile(address.path, fps, again=True)
