"""Records what the spotter flagged: a clip around each event, and stills of its onset and apex.

`record` and `save_stills` are called on the analysis thread and return at once; one thread of
the recorder's own reads the frames out of the ring and writes them.  Capture never waits for it
in a live ring (frames it was too late for are counted and the clip is marked `degraded`, as is one
whose pre-roll is gone); a lossless ring lets the source wait, so there a clip has every frame.  A
film is decoded again, clip by clip; analysis waits when more than a few are due.

No fault of the disk affects detection: it is counted and shown.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realtime.capture.frame_store import FrameStore
from realtime.errors import DiskFull, RecordingError
from realtime.recording.clip_recording import ClipProgress, ClipRecording, EventSpan
from realtime.recording.session_folder import SessionFolder
from realtime.recording.stills import Stills
from realtime.status import RecorderCounts, RecordingState

_OPEN_CLIPS = 4  # written side by side at most: one core encodes about that many live
_STILLS_WAITING = 8  # events; each holds two frames of the source
_WAIT_S = 0.05  # longest wait for a frame, so that stills and the end are noticed
_RETRY_S = 5.0  # after a write failed although the disk reported room
_DRAIN_LIVE_S = 2.0  # at the end, for frames that are still in the ring
_DRAIN_FILE_S = 20.0  # the same for files, whose clips must not depend on the machine's speed
_DRAIN_FILM_S = 300.0  # the same for films, which are decoded again
_DRAIN_HURRY_S = 1.0  # the same when the user wants the program to end
_JOIN_S = 10.0  # after these, for the last frame and the stills
_DISCARD_S = 1.0  # to remove what is open
_EVENT_S = 1.0  # from an onset to the flag, when the clip begins
_STILL_NS = 250_000_000  # a frame of an event's onset or apex is no farther from it
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_log = logging.getLogger(__name__)


class Recorder:
    """Context manager; the thread runs inside the block.

    Args:
        store: where the frames of an event are.
        pictures: what is kept of an event; "clips": stills too.  "video" is the same here: the
            video of the session is another's (`SessionVideo`).
        pre_s, post_s: seconds kept before the onset and after the offset.
        hurry: set when the user wants the program to end: clips are then cut short.
        free_bytes: room on the disk, known at once; None: read it each time.
        blocked: why nothing can be written, likewise.
        reserve_bytes: with less room than this on the disk no clip is begun.
    """

    def __init__(
        self,
        session: SessionFolder,
        store: FrameStore,
        *,
        pictures: Literal["none", "stills", "clips", "video"] = "clips",
        pre_s: float = 1.0,
        post_s: float = 1.0,
        reserve_bytes: int = 500_000_000,
        hurry: threading.Event | None = None,
        free_bytes: Callable[[], int] | None = None,
        blocked: Callable[[], str] | None = None,
    ) -> None:
        self._session = session
        self._store = store
        self._hurry = hurry or threading.Event()
        self._free_bytes = free_bytes or session.free_bytes
        self._blocked = blocked or session.blocked
        self._with_clips = pictures in ("clips", "video")
        self._with_stills = pictures != "none"
        self._pre_ns = round(pre_s * 1e9)
        self._post_ns = round(post_s * 1e9)
        self._reserve_bytes = reserve_bytes
        self._lock = threading.Lock()  # of _clips, which two threads change
        self._clips: list[ClipRecording] = []
        self._ends_ns: deque[int] = deque(maxlen=_OPEN_CLIPS)  # of the clips begun last
        self._stills: queue.Queue[Stills] = queue.Queue(_STILLS_WAITING)
        self._work = threading.Event()
        self._stop = threading.Event()
        self._discarding = False
        self._thread = threading.Thread(target=self._run, name="recorder")
        self._closed = False
        self._stopped_s = 0.0  # monotonic, when `close` was called
        self._full_until_s = 0.0
        self._counts = {"clips": 0, "missed": 0, "suppressed": 0, "failures": 0}
        self._without_stills = 0  # events whose frames were dropped
        self._troubles: deque[str] = deque(maxlen=4)
        self._crash: BaseException | None = None

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(self, event_id: str, onset_ns: int, apex_ns: int, offset_ns: int) -> str | None:
        """Begin an event's clip; the reader is opened here, so the pre-roll is held from now on.

        Returns:
            The clip's path inside the session folder; None if it is suppressed or not wanted.
        """
        if not self._with_clips:
            return None
        relative = f"clips/{_checked(event_id)}.mp4"
        with self._lock:
            closed = self._closed or self._crash is not None
            paused = self._is_paused() or bool(self._blocked())
            if closed or paused or self._is_busy(onset_ns):
                self._counts["suppressed"] += 1
                return None
            clip = ClipRecording(
                self._session,
                relative,
                EventSpan(onset_ns, apex_ns, offset_ns),
                self._store.reader(onset_ns - self._pre_ns, onset_ns),
                end_ns=offset_ns + self._post_ns,
                live=not self._store.lossless,
                note=self._note,
            )
            self._clips.append(clip)
            self._ends_ns.append(offset_ns + self._post_ns)
        self._work.set()
        self._wait_for_room()
        return relative

    def shortage(self, room_s: float) -> list[str]:
        """What the user should know of the pre-roll, at the start.

        Args:
            room_s: seconds of pictures that are held.
        """
        pre_s, kept_s = self._pre_ns / 1e9, max(0.0, room_s - _EVENT_S)
        if kept_s >= pre_s:
            return []
        line = (
            f"clips begin about {kept_s:.1f} s before the onset, not {pre_s:.1f} s: "
            "more frames of this size do not fit in memory (--size, --pre)"
        )
        _log.warning("%s", line)
        return [line]

    def save_stills(
        self,
        event_id: str,
        onset_ns: int,
        apex_ns: int,
        crop: NDArray[np.uint8],
        displacement: NDArray[np.floating] | None,
    ) -> tuple[str, ...]:
        """Queue an event's pictures.

        Args:
            crop: grey apex crop (224, 224).
            displacement: (2, 224, 224) crop pixels; None leaves that picture out.

        Returns:
            Their paths inside the session folder; none if they are suppressed, or a frame is
            gone: a picture of another moment would mislead.
        """
        if not self._with_stills:
            return ()
        onset = self._store.hold(onset_ns, _STILL_NS)
        apex = self._store.hold(apex_ns, _STILL_NS)
        if onset is None or apex is None:
            with self._lock:
                self._without_stills += 1
            return ()
        stills = Stills(_checked(event_id), onset, apex, crop, displacement)
        try:
            closed = self._closed or self._crash is not None
            if closed or self._is_paused() or self._blocked():
                raise queue.Full
            # a file waits for room: which events get stills must not depend on the machine's speed
            wait_s = _DRAIN_FILE_S if self._store.lossless else 0.0
            self._stills.put(stills, block=wait_s > 0, timeout=wait_s or None)
        except queue.Full:
            with self._lock:
                self._counts["suppressed"] += 1
            return ()
        self._work.set()
        return stills.paths

    def state(self) -> tuple[RecordingState, str]:
        """And what is written, or why nothing is."""
        if self._crash is not None:
            return RecordingState.FAILED, str(self._crash)
        with self._lock:
            writing = [clip.relative for clip in self._clips]
        if writing:
            return RecordingState.WRITING, ", ".join(writing)
        blocked = self._blocked()
        if blocked or self._is_paused():
            return RecordingState.PAUSED, blocked or "disk full"
        return RecordingState.IDLE, ""

    def counts(self) -> RecorderCounts:
        with self._lock:
            missed = self._counts["missed"] + sum(clip.missed for clip in self._clips)
            counts = self._counts
            failures = counts["failures"] + self._session.failures
            return RecorderCounts(counts["clips"], missed, counts["suppressed"], failures)

    def notices(self) -> tuple[str, ...]:
        """Lines the user should see: the last faults, and how many events went without."""
        counts = self.counts()
        lines = list(self._troubles)
        if self._session.failures:
            failures, trouble = self._session.failures, self._session.trouble
            lines.append(f"recorder: {failures} lines could not be written: {trouble}")
        if counts.suppressed:
            lines.append(f"recorder: {counts.suppressed} clips or stills were not begun")
        if counts.missing_frames:
            lines.append(f"recorder: {counts.missing_frames} frames are missing in clips")
        if self._without_stills:
            lines.append(f"recorder: {self._without_stills} events are without stills: too late")
        return tuple(lines)

    def close(self) -> None:
        """Finish what is open with the frames that are there.  May be called twice."""
        with self._lock:
            self._closed = True
        if not self._stop.is_set():
            self._stopped_s = time.monotonic()
        self._stop.set()
        self._work.set()
        if self._thread.ident is None:
            self._let_go()
        else:
            self._thread.join(self._drain_s + _JOIN_S)

    def discard(self) -> bool:
        """Remove the open clips, write nothing of what waits, and end.

        Returns:
            False if the disk has not answered within a second: they are removed when it does.
        """
        self._discarding = True
        self._closed = True
        self._stop.set()
        self._work.set()
        if self._thread.ident is None:
            self._let_go()
        else:
            self._thread.join(_DISCARD_S)
        return not self._thread.is_alive()

    def _is_busy(self, onset_ns: int) -> bool:
        """As many clips as may be are open: live by the clock, in a file by the source's time."""
        if self._store.lossless:
            return sum(end > onset_ns for end in self._ends_ns) >= _OPEN_CLIPS
        return len(self._clips) >= _OPEN_CLIPS

    def _wait_for_room(self) -> None:
        """A film waits for its clips: what is begun of it must not depend on the machine."""
        while self._store.repeatable and not self._hurry.is_set():
            with self._lock:
                if len(self._clips) <= _OPEN_CLIPS or self._closed or self._crash is not None:
                    return
            self._hurry.wait(_WAIT_S)

    def _is_paused(self) -> bool:
        if time.monotonic() < self._full_until_s:
            return True
        return self._free_bytes() < self._reserve_bytes

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._step()
            self._drain()
        except Exception as error:
            _log.exception("the recorder stopped")
            self._crash = error
        finally:
            self._let_go()

    def _step(self) -> None:
        """A burst of every open clip, then one event's stills; wait if there was nothing."""
        self._work.clear()
        if self._stop.is_set():  # tested after clearing, so that `close` is not missed
            return
        with self._lock:
            clips = list(self._clips)
        # of a film one clip is cut after the other: each takes a decoder
        moved = [self._advance(clip) for clip in clips[: 1 if self._store.repeatable else None]]
        if self._write_stills() or any(moved):
            return
        if not clips:
            self._work.wait()
        elif clips[0] in self._clips:
            self._advance(clips[0], _WAIT_S)

    def _drain(self) -> None:
        if self._discarding:
            return
        deadline_s = time.monotonic() + self._drain_s
        for clip in list(self._clips):
            while self._may_go_on(deadline_s) and self._advance(clip):
                pass
            if clip in self._clips:
                self._finish(clip)
        while self._may_go_on(deadline_s) and self._write_stills():
            pass

    @property
    def _drain_s(self) -> float:
        """At the end, for what is open."""
        if self._store.repeatable:
            return _DRAIN_FILM_S
        return _DRAIN_FILE_S if self._store.lossless else _DRAIN_LIVE_S

    def _may_go_on(self, deadline_s: float) -> bool:
        if self._discarding:
            return False
        if self._store.repeatable and self._hurry.is_set():
            deadline_s = min(deadline_s, self._stopped_s + _DRAIN_HURRY_S)
        return time.monotonic() < deadline_s

    def _let_go(self) -> None:
        """An open reader would block a lossless source."""
        with self._lock:
            clips, self._clips = self._clips, []
        for clip in clips:
            if self._discarding:
                clip.discard()
            else:
                clip.abandon()

    def _advance(self, clip: ClipRecording, timeout_s: float = 0.0) -> bool:
        """Write what has come for one clip; False if nothing had, or the clip was finished."""
        progress = clip.advance(timeout_s)
        if progress is ClipProgress.OVER:
            self._finish(clip)
        return progress is ClipProgress.BUSY

    def _finish(self, clip: ClipRecording) -> None:
        frames = clip.finish()
        with self._lock:
            self._clips.remove(clip)
            self._counts["missed"] += clip.missed
            self._counts["clips"] += frames > 0
            self._counts["failures"] += clip.error is not None

    def _write_stills(self) -> bool:
        """The pictures of one event; False if none waited."""
        try:
            stills = self._stills.get_nowait()
        except queue.Empty:
            return False
        try:
            stills.write(self._session)
        except RecordingError as error:
            self._note(error)
            with self._lock:
                self._counts["failures"] += 1
        return True

    def _note(self, error: RecordingError) -> None:
        _log.warning("%s", error)
        self._troubles.append(f"recorder: {error}")
        if isinstance(error, DiskFull):
            self._full_until_s = time.monotonic() + _RETRY_S


def _checked(event_id: str) -> str:
    if not _ID.fullmatch(event_id):
        raise ValueError(f"{event_id!r} cannot name a file")
    return event_id
