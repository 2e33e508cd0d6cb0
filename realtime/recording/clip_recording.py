"""One event's clip while it is being written: frames out of the ring, into a file, and its notes.

Advanced by the recorder's thread, a few frames at a time, so that several clips can be open at
once.  Beside NAME.mp4 stands NAME.json: the true time of every frame, where the event
lies, and whether frames are missing.  Times are integer nanoseconds of the source.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from realtime.capture.frame_store import FrameStoreReader
from realtime.capture.held_frame import Frame
from realtime.errors import RecordingError
from realtime.recording.clip_writer import ClipWriter
from realtime.recording.session_folder import SessionFolder

SCHEMA = 1

_BURST = 8  # frames of one clip before the next clip has its turn
_LOST_S = 5.0  # a live source without a frame for so long ends the clips that wait for it


class ClipProgress(Enum):
    BUSY = "there may be more to write"
    WAITING = "every frame that came is written"
    OVER = "no more frames belong to it"


@dataclass(frozen=True, slots=True)
class EventSpan:
    onset_ns: int
    apex_ns: int
    offset_ns: int


class ClipRecording:
    """Not shared between threads, but for reading `relative` and `missed`.

    Args:
        relative: the clip's path inside the session folder.
        reader: stands at the first frame of the pre-roll; closed with the clip.
        end_ns: last moment of the post-roll.
        live: a source without frames may be lost, rather than waiting for the reader.
        note: called with every fault; none is raised.
    """

    def __init__(
        self,
        session: SessionFolder,
        relative: str,
        event: EventSpan,
        reader: FrameStoreReader,
        *,
        end_ns: int,
        live: bool,
        note: Callable[[RecordingError], None],
    ) -> None:
        self.relative = relative
        self.error: str | None = None
        self._session = session
        self._event = event
        self._reader = reader
        self._end_ns = end_ns
        self._live = live
        self._note = note
        self._heard_s = time.monotonic()  # when the newest frame came
        self._writer: ClipWriter | None = None  # made with the first frame, whose size it has
        self._times_ns: list[int] = []
        self._complete = False  # the whole post-roll is in it

    @property
    def missed(self) -> int:
        """Frames that a live ring dropped before the recorder read them."""
        return self._reader.missed

    def advance(self, timeout_s: float) -> ClipProgress:
        """Write what has come, a burst at most; wait up to `timeout_s` if nothing has."""
        for _ in range(_BURST):
            frame = self._reader.next(timeout_s)
            timeout_s = 0.0
            if frame is None:
                return self._without_frame()
            self._heard_s = time.monotonic()
            if frame.restart and self._times_ns:  # what comes now does not continue the clip
                return ClipProgress.OVER
            if frame.t_ns <= self._end_ns and not self._write(frame):
                return ClipProgress.OVER
            if frame.t_ns >= self._end_ns:
                self._complete = True
                return ClipProgress.OVER
        return ClipProgress.BUSY

    def finish(self) -> int:
        """Close the file as far as it goes, and write its notes.

        Returns:
            Frames in the clip; 0 if there is none, and `error` says why.
        """
        self._reader.close()
        if self._writer is None:
            self.error = self.error or "no frame came"
            return 0
        frames = 0
        try:
            self._writer.close()
            frames = self._writer.frames
            self._write_notes(frames)
        except RecordingError as error:
            self._fault(error)
        return frames

    def abandon(self) -> None:
        """Close the reader and the file, without notes."""
        self._reader.close()
        try:
            if self._writer is not None:
                self._writer.close()
        except RecordingError as error:
            self._fault(error)

    def discard(self) -> None:
        """Close the reader and remove what was written."""
        self._reader.close()
        try:
            if self._writer is not None:
                self._writer.discard()
        except RecordingError as error:
            self._fault(error)

    def _without_frame(self) -> ClipProgress:
        silent = time.monotonic() - self._heard_s > _LOST_S
        return (
            ClipProgress.OVER
            if self._reader.ended or (silent and self._live)
            else ClipProgress.WAITING
        )

    def _write(self, frame: Frame) -> bool:
        try:
            if self._writer is None:
                self._session.ensure_folders()
                height, width = frame.image.shape[:2]
                self._writer = ClipWriter(
                    self._session.path(self.relative), width, height, self._session.key
                )
            self._writer.write(frame.image, frame.t_ns)
        except RecordingError as error:
            self._fault(error)
            return False
        self._times_ns.append(frame.t_ns)
        return True

    def _fault(self, error: RecordingError) -> None:
        self.error = str(error)
        self._note(error)

    def _write_notes(self, frames: int) -> None:
        if frames == 0:
            return
        notes = {
            "schema": SCHEMA,
            "clip": self.relative,
            "onset_ns": self._event.onset_ns,
            "apex_ns": self._event.apex_ns,
            "offset_ns": self._event.offset_ns,
            "missed": self.missed,
            "missing_pre_roll_s": round(self._reader.lacking_ns / 1e9, 6),
            "degraded": self.missed > 0
            or self._reader.lacking_ns > 0
            or self.error is not None
            or frames < len(self._times_ns),
            "complete": self._complete,
            "error": self.error,
            "t_ns": self._times_ns[:frames],
        }
        name = self.relative.removesuffix(".mp4") + ".json"
        self._session.replace(name, (json.dumps(notes) + "\n").encode())
