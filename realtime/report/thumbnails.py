"""An event's stills as small pictures inside a page: onset, apex, and the displacement between."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.encryption.media import read_still
from realtime.errors import RecordingError
from realtime.event import Event
from realtime.face.geometry import cut_out, widened
from realtime.recording.session import Session

_NAMES = ("onset", "apex", "displacement")
_AROUND = 0.25  # of the face, share of its size
_HEIGHT = 180  # px
_QUALITY = 82  # JPEG


@dataclass(frozen=True, slots=True)
class Thumbnail:
    name: str
    address: str  # data:image/jpeg;base64,…
    width: int
    height: int


def thumbnails(session: Session, event: Event) -> tuple[Thumbnail, ...]:
    """Those of its stills that are there."""
    found = []
    for still in event.stills:
        name = still.rpartition("_")[2].removesuffix(".png")
        if name not in _NAMES:
            continue
        try:
            read = read_still(session.files.path(still))
        except RecordingError:  # a name that leads out of the folder, or a link
            continue
        if read is None:
            continue
        picture = np.asarray(read, np.uint8)
        if name != "displacement" and event.face_box is not None:
            picture = cut_out(picture, widened(event.face_box, _AROUND))
        if picture.size:
            found.append(_thumbnail(name, picture))
    return tuple(found)


def _thumbnail(name: str, picture: NDArray[np.uint8]) -> Thumbnail:
    height, width = picture.shape[:2]
    size = (max(1, round(width * _HEIGHT / height)), _HEIGHT)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    encoded = base64.b64encode(jpeg).decode()
    return Thumbnail(name, f"data:image/jpeg;base64,{encoded}", *size)
