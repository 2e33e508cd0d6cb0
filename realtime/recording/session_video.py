"""The whole session as video, in segments (`--pictures video`): its film, of a camera or stream.

A thread of its own reads every frame out of the ring and writes it as clips are written: each frame
leaves the process at once, so a kill costs the last frame or two.  A segment ends after a minute,
at a restart of the source and where the disk takes nothing; the next begins with the next frame
that can be written.  Memory is the ring's; what was dropped from a live one is counted.

`video.jsonl` says when each segment begins on the session's time line, before its first frame is
written; the times of its frames are in the file.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable

from realtime.capture.frame_store import FrameStore, FrameStoreReader
from realtime.capture.held_frame import Frame
from realtime.errors import RecordingError, recording_error
from realtime.recording.clip_writer import ClipWriter
from realtime.recording.session_folder import SessionFolder
from realtime.recording.video_segments import NAME, SEGMENT_S
from realtime.status import VideoCounts

FOLDER = "video"
SCHEMA = 1

_WAIT_S = 0.1  # longest wait for a frame, so that the end is noticed
_RETRY_S = 5.0  # after a write failed although the disk reported room
_DRAIN_S = 2.0  # at the end, for frames that are still in the ring
_JOIN_S = 10.0  # after that, for the last frame
_DISCARD_S = 1.0  # to remove what is open
_log = logging.getLogger(__name__)


class SessionVideo:
    """Context manager; nothing is written before `begin`.

    Args:
        store: where the frames are.
        free_bytes: room on the disk, known at once.
        reserve_bytes: with less room than this on the disk nothing is written.
        segment_s: length of a segment.
    """

    def __init__(
        self,
        session: SessionFolder,
        store: FrameStore,
        *,
        free_bytes: Callable[[], int],
        reserve_bytes: int = 500_000_000,
        segment_s: float = SEGMENT_S,
    ) -> None:
        self._session = session
        self._store = store
        self._free_bytes = free_bytes
        self._reserve_bytes = reserve_bytes
        self._segment_ns = round(segment_s * 1e9)
        self._zero_ns = 0
        self._reader: FrameStoreReader | None = None
        self._writer: ClipWriter | None = None
        self._ends_ns = 0  # of the open segment
        self._segments = self._frames = self._unwritten = self._failures = 0
        self._trouble = ""
        self._full_until_s = 0.0
        self._stop = threading.Event()
        self._discarding = False
        self._thread = threading.Thread(target=self._run, name="session-video")

    def __enter__(self) -> SessionVideo:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, first_ns: int, zero_ns: int) -> None:
        """Write from this frame on; its time, and that of second 0 of the session."""
        self._zero_ns = zero_ns
        self._reader = self._store.reader(first_ns, first_ns)
        self._thread.start()

    def counts(self) -> VideoCounts:
        missed = 0 if self._reader is None else self._reader.missed
        return VideoCounts(self._segments, self._frames, missed + self._unwritten, self._failures)

    def notices(self) -> tuple[str, ...]:
        """Lines the user should see."""
        missing = self.counts().missing_frames
        lines = [f"video: {self._trouble}"] if self._trouble else []
        if missing:
            lines.append(f"video: {missing} frames of the session are missing")
        return tuple(lines)

    def close(self) -> None:
        """Finish with the frames that are there.  May be called twice."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_DRAIN_S + _JOIN_S)

    def discard(self) -> bool:
        """Remove the open segment and end; False if the disk has not answered within a second."""
        self._discarding = True
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_DISCARD_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        assert self._reader is not None
        try:
            while not self._stop.is_set() and not self._reader.ended:
                self._advance(self._reader, _WAIT_S)
            deadline_s = time.monotonic() + _DRAIN_S
            while time.monotonic() < deadline_s and self._advance(self._reader, 0.0):
                pass
        except Exception as error:
            _log.exception("the session's video stopped")
            self._trouble = f"stopped: {error}"
        finally:
            self._reader.close()  # an open reader would block a lossless source
            self._end_segment()

    def _advance(self, reader: FrameStoreReader, timeout_s: float) -> bool:
        """Write the next frame; False if none came."""
        frame = reader.next(timeout_s)
        if frame is None or self._discarding:
            return False
        if frame.restart or frame.t_ns >= self._ends_ns or self._is_full():
            self._end_segment()
        if self._is_full():
            self._unwritten += 1
            return True
        try:
            self._write(frame)
        except RecordingError as error:
            self._fault(error)
            self._unwritten += 1
            self._end_segment()
        return True

    def _write(self, frame: Frame) -> None:
        if self._writer is None:
            self._writer = self._begin_segment(frame)
        self._writer.write(frame.image, frame.t_ns)
        self._frames += 1

    def _begin_segment(self, frame: Frame) -> ClipWriter:
        relative = f"{FOLDER}/{self._segments + 1:04}.mp4"
        place = self._session.path(relative)
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise recording_error(error, str(place.parent)) from error
        height, width = frame.image.shape[:2]
        writer = ClipWriter(place, width, height, self._session.key)
        self._trouble = ""
        self._segments += 1
        self._ends_ns = frame.t_ns + self._segment_ns
        start_s = round((frame.t_ns - self._zero_ns) / 1e9, 6)
        line = json.dumps({"schema": SCHEMA, "file": relative, "start_s": start_s})
        self._session.append_line(NAME, line)
        return writer

    def _end_segment(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        written = writer.frames
        try:
            if self._discarding:
                writer.discard()
            else:
                writer.close()
        except RecordingError as error:
            self._fault(error)
        # a disk that filled up costs the last frame of a segment, or more
        self._frames -= written - writer.frames
        self._unwritten += 0 if self._discarding else written - writer.frames

    def _is_full(self) -> bool:
        short = self._free_bytes() < self._reserve_bytes
        if short:
            self._trouble = "nothing is written: the disk is full"
        return short or time.monotonic() < self._full_until_s

    def _fault(self, error: RecordingError) -> None:
        """No fault of the disk affects detection."""
        _log.warning("%s", error)
        self._trouble = str(error)
        self._failures += 1
        self._full_until_s = time.monotonic() + _RETRY_S
