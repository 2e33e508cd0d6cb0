"""Build a live run from its settings, run it, close everything: who owns what is decided here.

Opened in this order, closed in reverse: capture (so that a missing camera is an error at once),
engine process, session folder, recorder, dashboard.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from realtime.analysis import Analysis
from realtime.capture.address import wanted_address
from realtime.capture.frame_store import FilmIndex, FilmStore, FrameStore
from realtime.capture.open_source import open_again, open_source
from realtime.capture.run_input import RunInput
from realtime.capture.run_ring import run_ring
from realtime.capture.source import Source, SourceInfo
from realtime.capture.stats import CameraState
from realtime.capture.thread import CaptureThread
from realtime.consent.decision import KeepDecision, keep_decision
from realtime.dashboard import open_dashboard, summary
from realtime.dashboard.advice import nothing_judged
from realtime.dashboard.print_summary import print_summary
from realtime.dashboard.stage_times import StageTimes
from realtime.engine.folder import default_engine
from realtime.engine.process import EngineProcess, open_engine
from realtime.errors import NothingJudged, RecordingError
from realtime.event import Event
from realtime.export.lsl import WHO_READS, LslMarkers
from realtime.export.safe_text import one_line
from realtime.face.face import FaceTracker
from realtime.markers.open_markers import open_markers
from realtime.memory import limit_held_memory, load_without_blas
from realtime.outlet import explained, tell
from realtime.pipeline import Pipeline
from realtime.recording.clip_recovery import recover
from realtime.recording.event_log import EventLog
from realtime.recording.event_tracker import EventTracker
from realtime.recording.open_recording import open_recording
from realtime.recording.run_recording import RunRecording
from realtime.recording.session_record import SessionEnd
from realtime.retention.tidy import tidy_at_start
from realtime.settings.source_checks import check_source
from realtime.settings.tree import NO_ENGINE, Settings
from realtime.spotting.kernels import build_kernels
from realtime.spotting.person_profile import load_profile
from realtime.spotting.verifier import load_verifier
from realtime.status import RunFacts, Status


def run(
    settings: Settings,
    stop: threading.Event,
    begun: threading.Event | None = None,
    *,
    on_session: Callable[[Path], None] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> None:
    """One run from opening the source to the closing summary.

    Args:
        stop: set by anyone who wants the run to end.
        begun: set from here when the run looks at `stop`.
        on_session: is told the folder of the session, if there will be one.
        on_event: is told every event and every revision of one, on the thread of the analysis.
    """
    limit_held_memory()
    load_without_blas()
    wanted = settings.source
    address = None if wanted.demo else wanted_address(wanted.source, wanted.camera)
    live = address is not None and address.kind.value in ("camera", "stream")
    check_source(settings, live=live)
    keep = _keep_decision(settings, live=live)
    demo: DemoRun | None = None
    if wanted.demo:
        from realtime.demo.demo_run import DemoRun  # the portrait and the score: only here

        demo = DemoRun()

    def open_wanted(open_s: float) -> Source:
        if demo is not None:
            return demo.open()
        assert address is not None
        return open_source(
            address,
            size=wanted.size,
            fps=wanted.fps,
            fourcc=wanted.fourcc,
            open_s=open_s,
            index=index,
        )

    index = FilmIndex()
    film = address is not None and not live
    ring = run_ring(settings.recorder.pre_s, live=live, film=film, paced=wanted.pace == "realtime")
    store: FrameStore = ring
    if address is not None and not live:
        store = FilmStore(partial(open_again, address, wanted.fps), index)
    with ExitStack() as stack:
        reader = stack.enter_context(ring.reader())
        capture = CaptureThread(
            open_wanted,
            ring,
            realtime=wanted.pace == "realtime",
            open_s=wanted.open_timeout_s,
            wait_s=wanted.wait_s,
        )
        waits = (
            f"waiting up to {wanted.wait_s:g} s for the source (--wait) …"
            if wanted.wait_s
            else f"waiting up to {wanted.open_timeout_s:g} s for the source (--open-timeout) …"
        )
        with explained(waits):
            stack.enter_context(capture)
        profile = None
        if settings.person.profile:
            profile = load_profile(settings.person.profile, load_verifier().digest)
        tracker = _open_tracker(settings)
        engine = _open_engine(settings, stack)
        with explained(
            "preparing the kernels; the first start after an installation compiles them …"
        ):
            build_kernels(settings.stabiliser, settings.spotter)
        lsl = _open_lsl(settings, capture.info) if keep.keeps else None
        recording: RunRecording | None = None
        log: EventLog | None = None
        if settings.recorder.record and keep.keeps:
            _clean_up(settings.recorder.output)
            recording, log = open_recording(
                settings,
                keep,
                capture.info,
                store,
                stack,
                engine=engine.description if engine else "motion only",
                hurry=stop,
            )
            if on_session is not None:
                on_session(recording.session.folder)
        events = EventTracker(
            engine=engine,
            log=log,
            recorder=recording.recorder if recording else None,
            wait=wanted.pace == "fast",
            answer_s=settings.engine.answer_s,
            announce=_announce(lsl, on_event),
            clips_of_all=settings.recorder.clips == "all",
        )
        markers = open_markers(settings.lab, recording, stack)
        dashboard = stack.enter_context(open_dashboard(settings.dashboard.kind))
        if live:
            reader.skip_to_newest()
        times = StageTimes()
        pipeline = Pipeline(
            RunInput(capture, ring, reader),
            Analysis(
                tracker,
                assess_config=settings.assess,
                stabiliser=settings.stabiliser,
                spotter=settings.spotter,
                profile=profile,
                timed=times.stage,
            ),
            events=events,
            engine=engine,
            recording=recording,
            markers=markers,
            not_kept=_not_kept(settings, keep),
            dashboard=dashboard,
            times=times,
            facts=RunFacts(
                settings.study.participant or keep.participant,
                profile.name if profile else "",
                lsl=lsl is not None,
            ),
            seconds=wanted.seconds or math.inf,
            every=wanted.analyse_every,
            stop=stop,
        )
        failure: Exception | None = None
        if begun is not None:
            begun.set()
        try:
            status = pipeline.run()
        except Exception as error:  # what was recorded is closed, and says why it ends here
            failure, status = error, pipeline.status()
        reader.close()
        ring.close()
    reason = _reason(status, stop) if failure is None else SessionEnd.FAILED
    if recording is not None and pipeline.recording is recording:
        # the recorder has finished the last clips meanwhile
        counts = replace(
            status.counts, recorder=recording.recorder.counts(), video=recording.video_counts()
        )
        try:
            said = None if failure is None else str(failure)
            recording.session.finish(counts, reason, said)
        except RecordingError as error:
            failure = failure or error
    if failure is not None and not isinstance(failure, RecordingError):
        raise failure
    if settings.dashboard.kind != "none":
        shown = [summary(status)]
        if demo is not None:
            shown.append(demo.report(status.events, status.elapsed_s))
        print_summary(shown)
    if failure is not None:
        raise failure
    if reason is not SessionEnd.STOPPED and not status.counts.seconds.judged:
        raise NothingJudged(nothing_judged(status.counts.seconds, live=status.live))


def _announce(
    lsl: LslMarkers | None, on_event: Callable[[Event], None] | None
) -> Callable[[Event, int], None] | None:
    """What is told of an event as it is written."""
    if on_event is None:
        return None if lsl is None else lsl.send

    def tell(event: Event, start_ns: int) -> None:
        if lsl is not None:
            lsl.send(event, start_ns)
        on_event(event)

    return tell


def _not_kept(settings: Settings, keep: KeepDecision) -> str:
    unsent = "; markers are neither sent nor taken" if settings.lab.live_only else ""
    return keep.reason and keep.reason + unsent


def _keep_decision(settings: Settings, *, live: bool) -> KeepDecision:
    """Whether consent lets this run keep anything; no matter where the user wants nothing kept."""
    if not settings.recorder.record and not settings.lab.lsl:
        return KeepDecision(False)
    return keep_decision(
        settings.consent.file,
        participant=settings.study.participant,
        is_live=live,
        is_demo=settings.source.demo,
        required=settings.consent.required,
        today=date.today(),
    )


def _open_lsl(settings: Settings, info: SourceInfo) -> LslMarkers | None:
    if not settings.lab.lsl:
        return None
    markers = LslMarkers(info.name, settings.lab.only)
    tell(f"fleeting: {WHO_READS}")
    return markers


def _open_tracker(settings: Settings) -> FaceTracker:
    face = settings.face
    if face.tracker == "insightface":
        from realtime.face.insightface import InsightFaceTracker

        return InsightFaceTracker(face.pack, max_faces=face.faces, choice=face.face)
    from realtime.face.landmarker import LandmarkTracker
    from realtime.face.weights import face_model

    return LandmarkTracker(face_model(face.model), max_faces=face.faces, choice=face.face)


def _open_engine(settings: Settings, stack: ExitStack) -> EngineProcess | None:
    wanted = settings.engine
    if wanted.folder == NO_ENGINE:
        return None
    engine = open_engine(
        wanted.folder or default_engine(), backend=wanted.backend, threads=wanted.threads
    )
    if engine is None:
        tell("fleeting: no engine: motion only, events stay unclassified (--engine DIR)")
        return None
    return stack.enter_context(engine)


def _clean_up(output: Path) -> None:
    """Earlier sessions: those that are due to go, and clips that a kill left torn."""
    for line in (*tidy_at_start(output), *recover(output)):
        tell(f"fleeting: {one_line(line)}")


def _reason(status: Status, stop: threading.Event) -> SessionEnd:
    if stop.is_set():
        return SessionEnd.STOPPED
    ended = status.capture.state is CameraState.ENDED
    return SessionEnd.SOURCE_ENDED if ended else SessionEnd.TIME_UP
