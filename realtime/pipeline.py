"""The loop of a run: frames from the ring to the analysis, its results to recording and screen.

Results go to the events, the table of frames and the dashboard, whose commands come back.  Runs on
the caller's thread.  Live, it analyses fewer frames, evenly, when it falls behind, and counts the
others; a file it analyses frame by frame.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from realtime.analysis import Analysis, FrameAnalysis
from realtime.capture.frame_rate import LocalRate
from realtime.capture.held_frame import Frame
from realtime.capture.ring_buffer import FrameRing, RingReader
from realtime.capture.source import SourceInfo
from realtime.capture.stats import CaptureStats
from realtime.capture.thinning import Thinning
from realtime.capture.thread import CaptureThread
from realtime.dashboard import Dashboard, KeyCommand
from realtime.dashboard.advice import TOO_SLOW
from realtime.dashboard.stage_times import StageTimes
from realtime.dashboard.trace_history import TraceHistory
from realtime.engine.process import EngineProcess
from realtime.errors import EngineError
from realtime.face.assessability import Assessable
from realtime.face.geometry import cut_out, face_box, widened
from realtime.face.judged_time import JudgedTimer, Verdict
from realtime.recording.disk_thread import DiskThread
from realtime.recording.event_tracker import EventTracker
from realtime.recording.frames_csv import FrameRow, FramesCsv
from realtime.recording.recorder import Recorder
from realtime.recording.session_folder import SessionFolder
from realtime.spotting.onset import DetectorState
from realtime.spotting.sensitivity import UNKNOWN, SensitivityTimer
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
_HOPELESS_LAG_S = 2.0  # live analysis farther behind than this goes on at the newest frame
_AROUND = 0.25  # of a face that is shown with it, share of its size
_USUAL_FPS = 30.0  # of a camera that reports no rate
_TOLD_S = 1.0  # a stretch that was not judged for as long is told
_NOTHING = FrameAnalysis((), ())


@dataclass(frozen=True, slots=True)
class RunInput:
    """Where a run's frames come from."""

    capture: CaptureThread
    ring: FrameRing
    reader: RingReader

    @property
    def info(self) -> SourceInfo:
        return self.capture.info


@dataclass(frozen=True, slots=True)
class RunRecording:
    """Where a run is written to; absent with --no-record."""

    session: SessionFolder
    disk: DiskThread
    recorder: Recorder
    table: FramesCsv


class Pipeline:
    """One run over one source.

    Args:
        seconds: of the source after which the run ends; infinite: at its end.
        every: analyse every n-th frame.
        engine: None for motion only.
        times: of the stages, as `analysis` measures them.
        stop: set by anyone who wants the run to end.
    """

    def __init__(
        self,
        frames: RunInput,
        analysis: Analysis,
        *,
        events: EventTracker,
        engine: EngineProcess | None,
        recording: RunRecording | None,
        dashboard: Dashboard,
        times: StageTimes,
        traces: TraceHistory,
        seconds: float = math.inf,
        every: int = 1,
        stop: threading.Event,
    ) -> None:
        self._input = frames
        self._analysis = analysis
        self._events = events
        self._engine = engine
        self._recording = recording
        self._dashboard = dashboard
        self._times = times
        self._traces = traces
        self._seconds = seconds
        self._stop = stop
        self._first_ns: int | None = None
        self._begun_ns = 0  # monotonic
        self._zero_ns = 0  # source time of second 0 in every output
        self._local_rate = LocalRate()
        self._elapsed_s = self._now_s = 0.0  # since the first frame; on the source's time line
        self._analysed = 0
        self._newest = _NOTHING
        self._picture: NDArray[np.uint8] | None = None
        self._paused = False
        self._notices: list[str] = []
        self._fps = 0.0
        self._judged = JudgedTimer()
        self._sensitivity = SensitivityTimer()
        self._thinning = Thinning(every)

    def run(self) -> Status:
        """Analyse until the source ends, `stop` is set or the time is up; the last status."""
        shown_at, shown_changes = -math.inf, 0
        self._begun_ns = time.monotonic_ns()
        limit_ns = self._seconds * 1e9
        while not self._stop.is_set():
            frame = self._input.reader.next(_WAIT_S)
            if frame is not None:
                self._begin(frame)
                if limit_ns <= frame.t_ns - (self._first_ns or 0):
                    break
                if frame.restart or self._thinning.wants(frame.seq):
                    begun = time.monotonic()
                    self._handle(frame)
                    self._events.collect_answers(frame.t_ns)
                    self._keep_up(frame, time.monotonic() - begun)
            elif self._input.reader.ended or self._time_is_up(limit_ns):
                break
            self._check_engine()
            self._input.capture.check()
            for command in self._dashboard.commands():
                self._obey(command)
            now = time.monotonic()
            if now - shown_at >= _SHOW_S or self._events.changes != shown_changes:
                shown_at, shown_changes = now, self._events.changes
                self._dashboard.show(self.status())
        self._analysis.forget()
        self._mark_unconfirmed(self._analysis.take_unconfirmed())
        self._events.close()
        status = self.status()
        self._dashboard.show(status)
        return status

    def status(self) -> Status:
        stats = self._input.capture.stats()
        self._fps = stats.measured_fps
        recording, engine = self._recording, self._engine
        kept = (RecordingState.OFF, "") if recording is None else recording.recorder.state()
        largest = self._newest.largest
        return Status(
            source=self._input.info.name,
            live=self._input.info.live,
            size=(self._input.info.width, self._input.info.height),
            elapsed_s=self._elapsed_s,
            capture=stats,
            ring_held=len(self._input.ring),
            ring_capacity=self._input.ring.room(self._fps),
            counts=self._counts(stats),
            stages=self._times.times(),
            faces=len(self._newest.faces),
            assessable=self._newest.assessable,
            paused=self._paused,
            detector=None if largest is None or self._paused else largest.state,
            traces=self._traces.traces(),
            events=self._events.newest(),
            engine="motion only" if engine is None else engine.description,
            engine_state=EngineState.NONE if engine is None else engine.state,
            engine_detail="" if engine is None else engine.detail,
            recording=kept[0],
            recording_detail=kept[1],
            session=None if recording is None else str(recording.session.folder),
            disk_free_bytes=None if recording is None else recording.disk.free_bytes(),
            sensitivity=UNKNOWN if largest is None or self._paused else largest.sensitivity,
            face_picture=self._picture,
            notices=self._all_notices(),
        )

    def _counts(self, capture: CaptureStats) -> Counts:
        recording, engine = self._recording, self._engine
        judged = self._judged.time()
        recorder = RecorderCounts() if recording is None else recording.recorder.counts()
        return Counts(
            FrameCounts(
                capture.frames + capture.undecodable + capture.refused,
                capture.undecodable,
                capture.refused,
                self._input.reader.missed + self._thinning.dropped,
                self._analysed,
                capture.missing,
                self._thinning.skipped,
            ),
            SecondsCounts(
                judged.seen_s,
                judged.judged_s,
                judged.speech_masked_s,
                judged.not_judged_s,
                self._sensitivity.shares(),
            ),
            capture.reconnects,
            capture.restarts,
            dict(sorted(self._events.counts().items())),
            None if engine is None else engine.counts(),
            recorder,
        )

    def _handle(self, frame: Frame) -> None:
        """One frame to the analysis, and what it shows to everyone else."""
        self._elapsed_s = (frame.t_ns - (self._first_ns or 0)) / 1e9
        self._now_s = self._time_of(frame)
        self._analysed += 1
        fps = self._local_rate.add(frame.t_ns) or self._reported_fps()
        if self._paused:
            self._note_verdict(Assessable.PAUSED)
            if self._recording is not None:
                row = FrameRow.without_face(frame.seq, self._now_s, Assessable.PAUSED)
                self._recording.table.append(row)
            return
        self._newest = shown = self._analysis.analyse(frame, fps, thinned=self._thinning.too_slow)
        self._mark_unconfirmed(shown.unconfirmed)
        for found in shown.findings:
            self._events.record(found, frame)
        for took_ms in self._events.engine_ms:
            self._times.note("engine", took_ms / 1e3)
        self._events.engine_ms.clear()
        self._picture = None
        if shown.largest is not None:
            if shown.largest.state is not None:
                self._traces.note(frame.t_ns, shown.largest.strengths)
            box = widened(face_box(shown.largest.face.landmarks), _AROUND)
            self._picture = cut_out(frame.image, box)
        judged = [one for one in shown.faces if one.assessable is Assessable.YES]
        self._note_verdict(
            Assessable.YES if judged else shown.assessable,
            speech_masked=bool(judged) and judged[0].state is DetectorState.SPEAKING,
        )
        if shown.largest is not None:
            assessable = shown.largest.assessable is Assessable.YES
            seen = shown.largest.sensitivity if assessable else UNKNOWN
            self._sensitivity.note(self._now_s, seen)
        if self._recording is not None:
            self._tabulate(self._recording.table, frame, shown)

    def _note_verdict(self, verdict: Assessable, *, speech_masked: bool = False) -> None:
        """What the newest frame is good for; a longer stretch that was not judged is told."""
        self._judged.note(Verdict(self._now_s, verdict), speech_masked=speech_masked)
        for span in self._judged.ended_spans():
            if span.end_s - span.start_s >= _TOLD_S:
                times = f"{span.start_s:.1f} to {span.end_s:.1f} s"
                self._notices.append(f"{times} not judged: {span.reason}")

    def _mark_unconfirmed(self, numbers: tuple[tuple[int, int], ...]) -> None:
        for face_id, number in numbers:
            self._events.mark_unconfirmed(face_id, number)

    def _check_engine(self) -> None:
        """A film can be analysed again with an engine that works; a live run goes on without."""
        engine = self._engine
        if engine is not None and engine.gone and not self._input.info.live:
            raise EngineError(
                f"the engine failed for good: {engine.detail}; "
                "give another one, or --engine none for motion only"
            )

    def _keep_up(self, frame: Frame, took_s: float) -> None:
        """Live only: fewer frames where a backlog would delay the screen and the flags."""
        if not self._input.info.live or self._fps <= 0:
            return
        lag_s = self._input.reader.backlog / self._fps
        if lag_s > _HOPELESS_LAG_S:
            self._input.reader.skip_to_newest()
        now_s = frame.t_ns / 1e9
        was_slow = self._thinning.too_slow
        self._thinning.note(now_s, lag_s=lag_s, cost_s=took_s, fps=self._fps)
        if self._thinning.too_slow is not was_slow:
            said = "this machine keeps up again" if was_slow else TOO_SLOW
            self._notices.append(f"{self._now_s:.1f} s  {said}")

    def _obey(self, command: KeyCommand) -> None:
        match command:
            case KeyCommand.QUIT:
                self._stop.set()
            case KeyCommand.REST:
                self._analysis.learn_rest()
                self._notices.append(f"{self._now_s:.1f} s  learning rest again")
            case KeyCommand.MARKER:
                if self._recording is not None:
                    line = f'{{"schema": 1, "t_s": {self._now_s:.6f}}}'
                    self._recording.disk.submit(partial(_mark, self._recording.session, line))
                self._notices.append(f"{self._now_s:.1f} s  marker")
            case KeyCommand.PAUSE:
                self._paused = not self._paused
                self._analysis.forget()
                state = "paused" if self._paused else "going on"
                self._notices.append(f"{self._now_s:.1f} s  {state}")

    def _tabulate(self, table: FramesCsv, frame: Frame, shown: FrameAnalysis) -> None:
        t_s = self._time_of(frame)
        if not shown.faces:
            table.append(FrameRow.without_face(frame.seq, t_s))
        for one in shown.faces:
            row = FrameRow.of_face(
                frame.seq,
                t_s,
                one.face,
                one.assessable,
                strengths=one.strengths,
                stabilised=one.stabilised,
                sensitivity=one.sensitivity,
            )
            table.append(row)

    def _reported_fps(self) -> float:
        """Of a file, until its rate is measured; a camera's report is not reliable."""
        info = self._input.info
        return 0.0 if info.live else info.requested_fps or info.reported_fps or 0.0

    def _time_is_up(self, limit_ns: float) -> bool:
        """A live source that is lost does not keep the run from ending."""
        first_ns = self._begun_ns if self._first_ns is None else self._first_ns
        return self._input.info.live and time.monotonic_ns() - first_ns >= limit_ns

    def _begin(self, frame: Frame) -> None:
        """A file's seconds are those of its own time line, a live source's those since it began."""
        if self._first_ns is None:
            self._first_ns = frame.t_ns
            self._zero_ns = self._events.start_ns = frame.t_ns if self._input.info.live else 0
            if self._input.info.live and self._recording is not None:
                fps = self._input.info.reported_fps or _USUAL_FPS
                room_s = self._input.ring.room_s(frame.image, fps)
                self._notices += self._recording.recorder.shortage(room_s)

    def _time_of(self, frame: Frame) -> float:
        return (frame.t_ns - self._zero_ns) / 1e9

    def _all_notices(self) -> tuple[str, ...]:
        recorder = self._recording.recorder.notices() if self._recording else ()
        return (
            *self._input.info.remarks,
            *self._input.capture.notices(),
            *recorder,
            *self._notices,
        )[-20:]


def _mark(session: SessionFolder, line: str) -> None:
    session.append_line("markers.jsonl", line)
