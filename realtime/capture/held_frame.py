"""A frame as the ring holds it: whole, or compressed because room is short."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)  # above the quality of the clips that are made of it
_NOTHING = np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Frame:
    seq: int  # frame number of the source, from 0
    t_ns: int  # capture time
    image: NDArray[np.uint8]  # (h, w, 3) BGR, read-only
    restart: bool = False  # it does not continue the frame before: another clock or picture size


@dataclass(slots=True)
class HeldFrame:
    """A frame; once it is compressed, the image of `frame` is empty."""

    frame: Frame
    jpeg: bytes | None = None

    @property
    def nbytes(self) -> int:
        return self.frame.image.nbytes if self.jpeg is None else len(self.jpeg)

    def copy(self) -> HeldFrame:
        """One that stays as it is while this one is compressed."""
        return HeldFrame(self.frame, self.jpeg)

    def compress_to(self, jpeg: bytes) -> None:
        self.jpeg = jpeg
        self.frame = replace(self.frame, image=_NOTHING)

    def whole(self) -> Frame:
        """The frame with its image, decoded if need be."""
        if self.jpeg is None:
            return self.frame
        image = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        return replace(self.frame, image=np.asarray(image, np.uint8))


def compressed(image: NDArray[np.uint8]) -> bytes:
    """JPEG of a BGR image (h, w, 3)."""
    _, jpeg = cv2.imencode(".jpg", image, _JPEG)
    return jpeg.tobytes()
