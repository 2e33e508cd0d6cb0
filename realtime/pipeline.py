"""The analysis loop: frames from the ring, through the stages, to events and the dashboard.

Runs on the caller's thread and owns everything after the ring.  Live, it lets frames go when it
falls behind and counts them; a file it analyses frame by frame.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.capture.frame_rate import LocalRate
from realtime.capture.ring_buffer import Frame, FrameRing, RingReader
from realtime.capture.source import SourceInfo
from realtime.capture.stats import CaptureStats
from realtime.capture.thread import CaptureThread
from realtime.dashboard import Command, Dashboard
from realtime.dashboard.stage_times import StageTimes
from realtime.dashboard.trace_history import TraceHistory
from realtime.engine.process import EngineProcess
from realtime.face.assessability import Assessable, assess
from realtime.face.face import Face, FaceTracker
from realtime.face.geometry import cut_out, face_box, widened
from realtime.face.judged_time import JudgedTimer, Verdict
from realtime.motion.regions import Stream
from realtime.recording.event_tracker import EventTracker
from realtime.recording.frames_csv import FrameRow, FramesCsv
from realtime.recording.recorder import Recorder
from realtime.recording.session_folder import SessionFolder
from realtime.settings import Settings
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.person_profile import Profile
from realtime.status import (
    Counts,
    EngineState,
    FrameCounts,
    RecorderCounts,
    RecordingState,
    SecondsCounts,
    Status,
)

_SHOW_S = 0.1  # the dashboard gets a fresh status this often
_WAIT_S = 0.1  # longest wait for a frame, so that keys and a lost camera are noticed
_MAX_LAG_S = 0.3  # live analysis farther behind than this lets frames go
_AROUND = 0.25  # of a face that is shown beside it, share of its size


@dataclass(frozen=True, slots=True)
class RunRecording:
    """Where a run is written to; absent with --no-record."""

    session: SessionFolder
    recorder: Recorder
    table: FramesCsv


class Pipeline:
    """One run over one source.

    Args:
        profile: of the person, where there is one.
        stop: set by anyone who wants the run to end.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        info: SourceInfo,
        capture: CaptureThread,
        ring: FrameRing,
        reader: RingReader,
        tracker: FaceTracker,
        engine: EngineProcess | None,
        book: EventTracker,
        recording: RunRecording | None,
        dashboard: Dashboard,
        profile: Profile | None,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._info = info
        self._capture = capture
        self._ring = ring
        self._reader = reader
        self._tracker = tracker
        self._engine = engine
        self._book = book
        self._recording = recording
        self._dashboard = dashboard
        self._profile = profile
        self._stop = stop
        self._clock = StageTimes()
        self._traces = TraceHistory(settings.spotter.onset.enter_sigma)
        self._watchers: dict[int, FacePipeline] = {}
        self._first_ns: int | None = None
        self._zero_ns = 0  # source time that is second 0 of every output
        self._local_rate = LocalRate()
        self._local_fps = 0.0
        self._elapsed_s = self._now_s = 0.0  # since the first frame; on the source's time line
        self._analysed = 0
        self._assessable = Assessable.NO_FACE
        self._faces: tuple[Face, ...] = ()
        self._picture: NDArray[np.uint8] | None = None
        self._paused = False
        self._notices: list[str] = []
        self._fps = 0.0
        self._judged = JudgedTimer()

    def run(self) -> Status:
        """Analyse until the source ends, `stop` is set or the time is up; the last status."""
        shown_at, shown_changes = -math.inf, 0
        limit_ns = (self._settings.source.seconds or math.inf) * 1e9
        while not self._stop.is_set():
            frame = self._reader.next(_WAIT_S)
            if frame is not None:
                self._begin(frame)
                if limit_ns <= frame.t_ns - (self._first_ns or 0):
                    break
                self._catch_up(frame)
                self._analyse(frame)
                self._book.tend(frame.t_ns)
            elif self._reader.ended:
                break
            self._capture.check()
            for command in self._dashboard.commands():
                self._obey(command)
            now = time.monotonic()
            if now - shown_at >= _SHOW_S or self._book.changes != shown_changes:
                shown_at, shown_changes = now, self._book.changes
                self._dashboard.show(self.status())
        self._book.close()
        status = self.status()
        self._dashboard.show(status)
        return status

    def status(self) -> Status:
        stats = self._capture.stats()
        self._fps = stats.measured_fps
        recording, engine = self._recording, self._engine
        kept = (RecordingState.OFF, "") if recording is None else recording.recorder.state()
        watcher = self._largest()
        return Status(
            source=self._info.name,
            size=(self._info.width, self._info.height),
            elapsed_s=self._elapsed_s,
            capture=stats,
            ring_held=len(self._ring),
            ring_capacity=self._ring.room(self._fps),
            counts=self._counts(stats),
            stages=self._clock.times(),
            faces=len(self._faces),
            assessable=self._assessable,
            paused=self._paused,
            detector=None if watcher is None else watcher.spotter.state,
            traces=self._traces.traces(),
            events=self._book.newest(),
            engine="motion only" if engine is None else engine.description,
            engine_state=EngineState.NONE if engine is None else engine.state,
            engine_trouble="" if engine is None else engine.trouble,
            recording=kept[0],
            recording_detail=kept[1],
            session=None if recording is None else str(recording.session.folder),
            disk_free_bytes=None if recording is None else recording.session.free_bytes(),
            face_picture=self._picture,
            notices=self._all_notices(),
        )

    def _counts(self, capture: CaptureStats) -> Counts:
        recording, engine = self._recording, self._engine
        judged = self._judged.time()
        recorder = RecorderCounts() if recording is None else recording.recorder.counts()
        return Counts(
            FrameCounts(
                capture.frames + capture.undecodable,
                capture.undecodable,
                self._reader.missed,
                self._analysed,
                capture.missing,
            ),
            SecondsCounts(judged.seen_s, judged.judged_s, judged.not_judged_s),
            capture.reconnects,
            capture.restarts,
            dict(sorted(self._book.counts().items())),
            None if engine is None else engine.counts(),
            recorder,
        )

    def _analyse(self, frame: Frame) -> None:
        self._elapsed_s = (frame.t_ns - (self._first_ns or 0)) / 1e9
        self._now_s = self._time_of(frame)
        self._analysed += 1
        self._local_fps = self._local_rate.add(frame.t_ns) or self._reported_fps()
        if self._paused:
            return
        if frame.restart:
            self._tracker.reset()
            self._watchers.clear()
        with self._clock.stage("face"):
            grey = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
            self._faces = self._tracker.track(frame.t_ns, frame.image)
        present = {face.id for face in self._faces}
        self._watchers = {i: w for i, w in self._watchers.items() if i in present}
        limits = self._settings.assess
        judged = [
            assess(face, grey, self._local_fps, limits, judged=face.id in self._watchers)
            for face in self._faces
        ]
        self._assessable = judged[0] if judged else Assessable.NO_FACE
        for face, verdict in zip(self._faces, judged, strict=True):
            if verdict is Assessable.YES:
                self._watch(frame, grey, face)
            else:
                self._watchers.pop(face.id, None)
        watcher = self._largest()
        if watcher is not None:
            self._assessable = watcher.assessable(self._assessable)
            self._traces.note(frame.t_ns, watcher.spotter.strengths)
        self._picture = None
        if self._faces:
            shown = widened(face_box(self._faces[0].landmarks), _AROUND)
            self._picture = cut_out(frame.image, shown)
        judged = [self._final(*each) for each in zip(self._faces, judged, strict=True)]
        any_judged = Assessable.YES in judged
        self._judged.note(Verdict(self._now_s, Assessable.YES if any_judged else self._assessable))
        if self._recording is not None:
            self._tabulate(frame, judged)

    def _final(self, face: Face, verdict: Assessable) -> Assessable:
        """The verdict on a face, and what speaks against its motion besides."""
        watcher = self._watchers.get(face.id)
        return verdict if watcher is None else watcher.assessable(verdict)

    def _watch(self, frame: Frame, grey: NDArray[np.uint8], face: Face) -> None:
        watcher = self._watchers.get(face.id)
        if watcher is None:
            watcher = FacePipeline(
                face.id,
                self._settings.stabiliser,
                self._settings.spotter,
                profile=self._profile,
            )
            self._watchers[face.id] = watcher
        with self._clock.stage("stabiliser"):
            stabilised = watcher.align(frame, grey, face)
        with self._clock.stage("spotter"):
            findings = watcher.spot(stabilised, face)
        for finding in findings:
            self._book.take(watcher, finding, frame)
        for took_ms in self._book.engine_ms:
            self._clock.note("engine", took_ms / 1e3)
        self._book.engine_ms.clear()

    def _catch_up(self, frame: Frame) -> None:
        """Live only: give up a backlog that would make the screen and the flags late."""
        if self._info.live and self._reader.backlog > max(4.0, _MAX_LAG_S * self._fps):
            self._reader.skip_to_newest()

    def _obey(self, command: Command) -> None:
        match command:
            case Command.QUIT:
                self._stop.set()
            case Command.REST:
                for watcher in self._watchers.values():
                    watcher.reset()
                self._notices.append(f"{self._now_s:.1f} s  learning rest again")
            case Command.MARKER:
                if self._recording is not None:
                    line = f'{{"schema": 1, "t_s": {self._now_s:.6f}}}'
                    self._recording.session.append_line("markers.jsonl", line)
                self._notices.append(f"{self._now_s:.1f} s  marker")
            case Command.PAUSE:
                self._paused = not self._paused
                self._watchers.clear()
                state = "paused" if self._paused else "going on"
                self._notices.append(f"{self._now_s:.1f} s  {state}")

    def _tabulate(self, frame: Frame, judged: list[Assessable]) -> None:
        assert self._recording is not None
        t_s = self._time_of(frame)
        if not self._faces:
            self._recording.table.append(FrameRow.without_face(frame.seq, t_s))
        for face, verdict in zip(self._faces, judged, strict=True):
            watcher = self._watchers.get(face.id)
            row = FrameRow.of_face(
                frame.seq,
                t_s,
                face,
                verdict,
                strengths=watcher.spotter.strengths if watcher else (0.0,) * len(Stream),
                stabilised=watcher.stabilised if watcher else None,
            )
            self._recording.table.append(row)

    def _reported_fps(self) -> float:
        """Of a file, until its rate is measured; a camera's is not to be believed."""
        info = self._info
        return 0.0 if info.live else info.requested_fps or info.reported_fps or 0.0

    def _largest(self) -> FacePipeline | None:
        return self._watchers.get(self._faces[0].id) if self._faces else None

    def _begin(self, frame: Frame) -> None:
        """A file's seconds are those of its own time line, a live source's those since it began."""
        if self._first_ns is None:
            self._first_ns = frame.t_ns
            self._zero_ns = self._book.start_ns = frame.t_ns if self._info.live else 0

    def _time_of(self, frame: Frame) -> float:
        return (frame.t_ns - self._zero_ns) / 1e9

    def _all_notices(self) -> tuple[str, ...]:
        recorder = self._recording.recorder.notices() if self._recording else ()
        return (*self._info.remarks, *self._capture.notices(), *recorder, *self._notices)[-20:]
