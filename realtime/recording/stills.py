"""An event's still pictures: its onset and apex frames, and the displacement between them.

Written by the recorder's thread, as PNG: stills are used for measurements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.capture.held_frame import Frame
from realtime.encryption.sealed_file import sealed
from realtime.errors import RecordingError
from realtime.recording.displacement_picture import displacement_picture
from realtime.recording.session_folder import SessionFolder


@dataclass(frozen=True, slots=True)
class Stills:
    event_id: str
    onset: Callable[[], Frame | None]  # gives the frame, in the thread that writes it
    apex: Callable[[], Frame | None]
    crop: NDArray[np.uint8]  # (224, 224) grey, the aligned face at the apex
    displacement: NDArray[np.floating] | None  # (2, 224, 224) crop pixels, x then y

    @property
    def paths(self) -> tuple[str, ...]:
        """Inside the session folder: onset, apex and, if there is one, displacement."""
        names = ("onset", "apex", "displacement")[: 2 if self.displacement is None else 3]
        return tuple(f"stills/{self.event_id}_{name}.png" for name in names)

    def write(self, session: SessionFolder) -> None:
        """Encode and write every picture.

        Raises:
            DiskFull, RecordingError: at the first that cannot be written.
        """
        frames = [self.onset(), self.apex()]
        pictures = [frame.image for frame in frames if frame is not None]
        if len(pictures) < len(frames):
            raise RecordingError(f"stills of event {self.event_id}: a frame cannot be read again")
        if self.displacement is not None:
            pictures.append(displacement_picture(self.crop, self.displacement))
        session.ensure_folders()
        for path, picture in zip(self.paths, pictures, strict=True):
            done, png = cv2.imencode(".png", picture)
            if not done:
                raise RecordingError(f"{path}: the picture could not be encoded")
            data = png.tobytes()
            session.replace(path, data if session.key is None else sealed(data, session.key))
