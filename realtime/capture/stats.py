"""State and figures of a source, as the capture thread keeps them and the screen shows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CameraState(Enum):
    OPENING = "OPENING"
    LIVE = "LIVE"
    FROZEN = "FROZEN"  # frames come, but always the same picture
    LOST = "LOST"  # no frame, or none that changed; it is being opened again
    ENDED = "ENDED"  # a file played to its end
    CLOSED = "CLOSED"


def ends_early(cut_off_s: float) -> str:
    """What is said of a file that lacks its last seconds."""
    return (
        f"ends {cut_off_s:.1f} s before the end that its header states: the file is cut off, or "
        "its last picture stands still"
    )


@dataclass(frozen=True, slots=True)
class CaptureStats:
    state: CameraState
    frames: int  # delivered since the start
    missing: int  # frames the source should have delivered by its own rate, and did not
    undecodable: int  # frames not used: damaged, or dependent on one that is
    refused: int  # frames not used: not later than the one before, or of a stop
    reconnects: int  # times the source was lost and delivered again
    age_s: float  # since the newest frame that differed from the one before; inf before the first
    requested_fps: float | None  # by the user
    reported_fps: float | None  # by the driver or the file
    measured_fps: float  # over the last two seconds of frames; 0 before
    cut_off_s: float = (
        0.0  # of a file: before the end that its header states; the rest is not there
    )
    restarts: int = 0  # times that stamps, picture size or the program did not go on

    @property
    def loss(self) -> float:
        """Share of the frames that should have come and did not."""
        return self.missing / max(1, self.frames + self.missing)
