"""The loop of a run: frames from the ring to the analysis, its results to recording and screen.

Results go to the events, the table of frames and the dashboard, whose commands come back.  Runs on
the caller's thread.  Live, it analyses fewer frames, evenly, when it falls behind, and counts the
others; a file it analyses frame by frame.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import replace

from realtime.analysis import Analysis
from realtime.capture.frame_rate import LocalRate
from realtime.capture.held_frame import Frame
from realtime.capture.run_input import RunInput
from realtime.capture.thinning import Thinning
from realtime.dashboard import Action, Dashboard, KeyCommand
from realtime.dashboard.advice import TOO_SLOW
from realtime.dashboard.run_status import RunStatus
from realtime.dashboard.stage_times import StageTimes
from realtime.engine.process import EngineProcess
from realtime.errors import EngineError, RecordingError
from realtime.face.assessability import Assessable
from realtime.markers.inbox import MarkerInbox
from realtime.recording.event_tracker import EventTracker
from realtime.recording.frame_row import FrameRow
from realtime.recording.frames_csv import FramesCsv
from realtime.recording.run_recording import RunRecording
from realtime.spotting.frame_analysis import FrameAnalysis
from realtime.spotting.target_rate import neighbour
from realtime.status import RunFacts, Status

_SHOW_S = 0.1  # the dashboard gets a fresh status this often
_WAIT_S = 0.1  # longest wait for a frame, so that keys and a lost camera are noticed
_HOPELESS_LAG_S = 2.0  # live analysis farther behind than this goes on at the newest frame
_NOTICES = 20  # newest for the user
_USUAL_FPS = 30.0  # of a camera that reports no rate


class Pipeline:
    """One run over one source.

    Args:
        seconds: of the source after which the run ends; infinite: at its end.
        every: analyse every n-th frame.
        engine: None for motion only.
        markers: of every sender; the keys' are put to it here.
        recording: None: nothing is kept.
        not_kept: why nothing is kept, where that is not the user's wish.
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
        markers: MarkerInbox,
        not_kept: str = "",
        dashboard: Dashboard,
        times: StageTimes,
        facts: RunFacts,
        seconds: float = math.inf,
        every: int = 1,
        stop: threading.Event,
    ) -> None:
        self._input = frames
        self._analysis = analysis
        self._events = events
        self._engine = engine
        self._recording = recording
        self._markers = markers
        self._not_kept = not_kept
        self._asked_to_forget = False
        self._dashboard = dashboard
        self._times = times
        self._seconds = seconds
        self._stop = stop
        self._first_ns: int | None = None
        self._begun_ns = 0  # monotonic
        self._zero_ns = 0  # source time of second 0 in every output
        self._local_rate = LocalRate()
        self._notices = deque([f"nothing is kept: {not_kept}"] if not_kept else [], _NOTICES)
        self._thinning = Thinning(every)
        self._status = RunStatus(
            frames,
            events=events,
            engine=engine,
            times=times,
            facts=facts,
            seconds=seconds,
            thinning=self._thinning,
        )

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
            self._write_markers()
            now = time.monotonic()
            if now - shown_at >= _SHOW_S or self._events.changes != shown_changes:
                shown_at, shown_changes = now, self._events.changes
                self._dashboard.show(self.status())
        self._analysis.forget()
        self._mark_unconfirmed(self._analysis.take_unconfirmed())
        self._events.close()
        self._write_markers()
        status = self.status()
        self._dashboard.show(status)
        return status

    @property
    def recording(self) -> RunRecording | None:
        """What the run is written to; None once consent is withdrawn."""
        return self._recording

    def status(self) -> Status:
        return self._status.status(
            self._recording,
            not_kept=self._not_kept,
            alarms_per_minute=self._analysis.alarms_per_minute,
            notices=self._all_notices(),
        )

    def _handle(self, frame: Frame) -> None:
        """One frame to the analysis, and what it shows to everyone else."""
        now_s = self._time_of(frame)
        self._status.advance((frame.t_ns - (self._first_ns or 0)) / 1e9, now_s)
        fps = self._local_rate.add(frame.t_ns) or self._reported_fps()
        if self._status.paused:
            self._notices += self._status.note_pause()
            if self._recording is not None:
                row = FrameRow.without_face(frame.seq, now_s, Assessable.PAUSED)
                self._recording.table.append(row)
            return
        shown = self._analysis.analyse(frame, fps, thinned=self._thinning.too_slow)
        self._mark_unconfirmed(shown.unconfirmed)
        for found in shown.findings:
            self._events.record(found, frame)
        for took_ms in self._events.engine_ms:
            self._times.note("engine", took_ms / 1e3)
        self._events.engine_ms.clear()
        self._notices += self._status.note(frame.image, shown)
        if self._recording is not None:
            self._tabulate(self._recording.table, frame, shown)

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
        if not self._input.info.live or self._status.fps <= 0:
            return
        lag_s = self._input.reader.backlog / self._status.fps
        if lag_s > _HOPELESS_LAG_S:
            self._input.reader.skip_to_newest()
        now_s = frame.t_ns / 1e9
        was_slow = self._thinning.too_slow
        self._thinning.note(now_s, lag_s=lag_s, cost_s=took_s, fps=self._status.fps)
        if self._thinning.too_slow is not was_slow:
            said = "this machine keeps up again" if was_slow else TOO_SLOW
            self._tell(said)

    def _obey(self, command: KeyCommand) -> None:
        match command.action:
            case Action.QUIT:
                self._stop.set()
            case Action.REST:
                self._analysis.learn_rest()
                self._tell("learning rest again")
            case Action.MARKER:
                self._mark(command)
            case Action.WITHDRAW:
                self._withdraw()
            case Action.PAUSE:
                self._status.paused = not self._status.paused
                self._analysis.forget()
                self._tell("paused" if self._status.paused else "going on")
            case Action.MORE_ALARMS | Action.FEWER_ALARMS:
                higher = command.action is Action.MORE_ALARMS
                rate = neighbour(self._analysis.alarms_per_minute, higher=higher)
                if rate != self._analysis.alarms_per_minute:
                    self._analysis.set_alarms_per_minute(rate)
                    self._mark(replace(command, label=f"target {rate:g} a minute"))

    def _mark(self, command: KeyCommand) -> None:
        """Of a film, what is on the screen is marked, whenever it was analysed."""
        shown_ns = self._zero_ns + round(1e9 * self._status.now_s)
        t_ns = command.t_ns if self._input.info.live else shown_ns
        self._markers.put(t_ns, command.label, "key")

    def _write_markers(self) -> None:
        """Those that came before the first frame wait for it: it is second 0."""
        if self._first_ns is not None:
            self._notices += self._markers.write(self._zero_ns)

    def _withdraw(self) -> None:
        """Consent is withdrawn: from here on the run shows and counts, and keeps nothing.

        Without an entry that agrees to it, one key must not cost a film's session: it is asked for
        twice.
        """
        recording = self._recording
        if recording is not None and recording.keep.consent is None and not self._asked_to_forget:
            self._asked_to_forget = True
            self._tell("w once more forgets this session: no consent entry says what becomes of it")
            return
        self._events.keep_nothing()
        self._markers.keep_nothing()
        said = "nothing is kept"
        if recording is not None:
            counts = self._status.counts(recording)
            self._recording = None
            try:
                said = recording.withdraw(counts)
            except RecordingError as error:
                said = str(error)
            self._not_kept = f"consent withdrawn; {said}"
        self._tell(f"consent withdrawn; {said}")

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
                size=(frame.image.shape[1], frame.image.shape[0]),
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
            self._status.begin()
            self._zero_ns = self._events.start_ns = frame.t_ns if self._input.info.live else 0
            if self._recording is not None:
                self._recording.begin(frame.t_ns, self._zero_ns)
            if self._input.info.live and self._recording is not None:
                fps = self._input.info.reported_fps or _USUAL_FPS
                room_s = self._input.ring.room_s(frame.image, fps)
                self._notices += self._recording.recorder.shortage(room_s)

    def _time_of(self, frame: Frame) -> float:
        return (frame.t_ns - self._zero_ns) / 1e9

    def _tell(self, what: str) -> None:
        """A notice with the time of the source."""
        self._notices.append(f"{self._status.now_s:.1f} s  {what}")

    def _all_notices(self) -> tuple[str, ...]:
        recorder = self._recording.notices() if self._recording else ()
        return (
            *self._input.info.remarks,
            *self._input.capture.notices(),
            *filter(None, [self._analysis.remark]),
            *recorder,
            *self._markers.shortage(),
            *self._notices,
        )[-_NOTICES:]
