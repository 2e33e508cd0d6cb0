"""What a run has come to so far: its counts, and the `Status` that the dashboard shows.

The loop of the run (`realtime/pipeline.py`) notes every frame here, on its own thread.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from realtime.capture.run_input import RunInput
from realtime.capture.stats import CaptureStats
from realtime.capture.thinning import Thinning
from realtime.dashboard.live_view import LiveView
from realtime.dashboard.run_progress import duration_s, left_s
from realtime.dashboard.stage_times import StageTimes
from realtime.engine.process import EngineProcess
from realtime.face.assessability import Assessable
from realtime.face.judged_time import JudgedTimer, Verdict
from realtime.recording.event_tracker import EventTracker
from realtime.recording.run_recording import RunRecording
from realtime.spotting.frame_analysis import FrameAnalysis
from realtime.spotting.onset import DetectorState
from realtime.spotting.sensitivity import UNKNOWN, SensitivityTimer
from realtime.status import (
    Counts,
    EngineState,
    FrameCounts,
    RecorderCounts,
    RecordingState,
    RunFacts,
    SecondsCounts,
    Status,
)

_TOLD_S = 1.0  # a stretch that was not judged for as long is told
_NOTHING = FrameAnalysis((), ())


class RunStatus:
    """Counts of one run.

    Args:
        engine: None for motion only.
        times: of the stages.
        seconds: of the source after which the run ends; infinite: at its end.
        thinning: which frames are analysed.
    """

    def __init__(
        self,
        frames: RunInput,
        *,
        events: EventTracker,
        engine: EngineProcess | None,
        times: StageTimes,
        facts: RunFacts,
        seconds: float,
        thinning: Thinning,
    ) -> None:
        self.paused = False
        self.fps = 0.0  # measured, when the status was last made
        self.now_s = 0.0  # of the newest frame, on the source's time line
        self._elapsed_s = 0.0  # since the first frame
        self._first_came_ns = 0  # monotonic
        self._input = frames
        self._events = events
        self._engine = engine
        self._times = times
        self._facts = facts
        self._seconds = seconds
        self._thinning = thinning
        self._analysed = 0
        self._newest = _NOTHING
        self._view = LiveView()
        self._judged = JudgedTimer()
        self._sensitivity = SensitivityTimer()

    def begin(self) -> None:
        """The first frame has come."""
        self._first_came_ns = time.monotonic_ns()

    def advance(self, elapsed_s: float, now_s: float) -> None:
        """One more frame is analysed, or shown during a pause.

        Args:
            elapsed_s: its time since the first frame.
            now_s: its time on the source's time line.
        """
        self._elapsed_s, self.now_s = elapsed_s, now_s
        self._analysed += 1

    def note_pause(self) -> list[str]:
        """The frame is not analysed.  Returns what the user should be told."""
        told = self._note_verdict(Assessable.PAUSED)
        self._view.note_pause(self.now_s)
        return told

    def note(self, image: NDArray[np.uint8], shown: FrameAnalysis) -> list[str]:
        """What the frame was analysed to.  Returns what the user should be told."""
        self._newest = shown
        self._view.note(self.now_s, image, shown)
        judged = [one for one in shown.faces if one.assessable is Assessable.YES]
        told = self._note_verdict(
            Assessable.YES if judged else shown.assessable,
            speech_masked=bool(judged) and judged[0].state is DetectorState.SPEAKING,
        )
        if shown.largest is not None:
            assessable = shown.largest.assessable is Assessable.YES
            seen = shown.largest.sensitivity if assessable else UNKNOWN
            self._sensitivity.note(self.now_s, seen)
        return told

    def counts(self, recording: RunRecording | None) -> Counts:
        return self._counts(self._input.capture.stats(), recording)

    def status(
        self,
        recording: RunRecording | None,
        *,
        not_kept: str,
        alarms_per_minute: float,
        notices: tuple[str, ...],
    ) -> Status:
        """All that the dashboard shows.

        Args:
            recording: None: nothing is kept.
            not_kept: why nothing is kept, where that is not the user's wish.
            alarms_per_minute: the target of the spotter now.
            notices: lines for the user, the newest last.
        """
        stats = self._input.capture.stats()
        self.fps = stats.measured_fps
        engine = self._engine
        kept = (RecordingState.OFF, not_kept)
        if recording is not None:
            kept = recording.recorder.state()
        largest = self._newest.largest
        length_s = duration_s(self._input.info, self._seconds)
        spent_s = (time.monotonic_ns() - self._first_came_ns) / 1e9
        return Status(
            source=self._input.info.name,
            live=self._input.info.live,
            size=(self._input.info.width, self._input.info.height),
            elapsed_s=self._elapsed_s,
            capture=stats,
            ring_held=len(self._input.ring),
            ring_capacity=self._input.ring.room(self.fps),
            counts=self._counts(stats, recording),
            stages=self._times.times(),
            faces=len(self._newest.faces),
            assessable=self._newest.assessable,
            paused=self.paused,
            detector=None if largest is None or self.paused else largest.state,
            motion=self._view.window(),
            events=self._events.newest(),
            engine="motion only" if engine is None else engine.description,
            engine_state=EngineState.NONE if engine is None else engine.state,
            engine_detail="" if engine is None else engine.detail,
            recording=kept[0],
            recording_detail=kept[1],
            session=None if recording is None else str(recording.session.folder),
            disk_free_bytes=None if recording is None else recording.disk.free_bytes(),
            alarms_per_minute=alarms_per_minute,
            facts=replace(self._facts, duration_s=length_s),
            left_s=left_s(length_s, self._elapsed_s, spent_s),
            quality=self._view.quality(self.now_s, self.fps),
            sensitivity=self._view.sensitivity,
            face=self._view.picture(),
            notices=notices,
        )

    def _counts(self, capture: CaptureStats, recording: RunRecording | None) -> Counts:
        judged = self._judged.time()
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
                capture.cut_off_s,
            ),
            capture.reconnects,
            capture.restarts,
            dict(sorted(self._events.counts().items())),
            None if self._engine is None else self._engine.counts(),
            RecorderCounts() if recording is None else recording.recorder.counts(),
            None if recording is None else recording.video_counts(),
        )

    def _note_verdict(self, verdict: Assessable, *, speech_masked: bool = False) -> list[str]:
        """What the newest frame is good for; a longer stretch that was not judged is told."""
        self._judged.note(Verdict(self.now_s, verdict), speech_masked=speech_masked)
        return [
            f"{span.start_s:.1f} to {span.end_s:.1f} s not judged: {span.reason}"
            for span in self._judged.ended_spans()
            if span.end_s - span.start_s >= _TOLD_S
        ]
