"""Build a live run from its settings, run it, close everything: who owns what is decided here.

Opened in this order, closed in reverse: capture (so that a missing camera is an error at once),
engine process, session folder, recorder, dashboard.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import numpy as np
from rich.console import Console, RenderableType

from realtime.analysis import Analysis
from realtime.capture.address import wanted_address
from realtime.capture.frame_store import FilmIndex, FilmStore, FrameStore
from realtime.capture.open_source import open_again, open_source
from realtime.capture.ring_buffer import FrameRing
from realtime.capture.source import Source, SourceInfo
from realtime.capture.stats import CameraState
from realtime.capture.thread import CaptureThread
from realtime.dashboard import open_dashboard, summary
from realtime.dashboard.advice import nothing_judged
from realtime.dashboard.stage_times import StageTimes
from realtime.dashboard.trace_history import TraceHistory
from realtime.engine.folder import default_engine
from realtime.engine.process import EngineProcess, open_engine
from realtime.errors import NothingJudged, RecordingError, SettingsError
from realtime.export.lsl import LslMarkers
from realtime.export.safe_text import one_line
from realtime.face.face import Face, FaceSigns, FaceTracker
from realtime.face.geometry import CROP_SIZE, canonical_in_crop
from realtime.memory import limit_held_memory
from realtime.outlet import Outlet
from realtime.pipeline import Pipeline, RunInput, RunRecording
from realtime.recording.clip_recovery import recover
from realtime.recording.disk_thread import DiskThread
from realtime.recording.event_log import EventLog
from realtime.recording.event_tracker import EventTracker
from realtime.recording.frames_csv import FramesCsv
from realtime.recording.recorder import Recorder
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_record import SessionEnd
from realtime.settings.tree import NO_ENGINE, Settings
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.person_profile import load_profile
from realtime.status import Status

_RING_BYTES = 250_000_000  # of a live source
_RAW_BYTES = 112_000_000  # of these; older frames are compressed
_FILM_BYTES = 50_000_000  # a film is decoded again for its clips: enough for the reader to be ahead
_FILM_S = 0.5
_CAPACITY = 20_000  # frames; only bytes and seconds limit a ring
_EVENT_S = 2.0  # an event, its flag and its class: what a pre-roll must outlast
_PATIENCE_S = 0.5  # for the summary, to a terminal that takes nothing
_SLOW_S = 1.0  # preparations longer than this are explained

_log = logging.getLogger(__name__)


def run(settings: Settings, stop: threading.Event, begun: threading.Event | None = None) -> None:
    """One run from opening the source to the closing summary.

    Args:
        stop: set by anyone who wants the run to end.
        begun: set from here when the run looks at `stop`.
    """
    limit_held_memory()
    wanted = settings.source
    demo = _Demo() if wanted.demo else None
    address = None if wanted.demo else wanted_address(wanted.source, wanted.camera)
    live = address is not None and address.kind.value in ("camera", "stream")
    if live and wanted.pace == "fast":
        raise SettingsError("a stream has its own pace; --pace fast is for files and folders")
    if settings.lab.lsl and not live:
        raise SettingsError(
            "--lsl is for cameras and streams: a file has no times on the LSL clock"
        )

    def open_wanted() -> Source:
        if demo is not None:
            return demo.open()
        assert address is not None
        return open_source(
            address, size=wanted.size, fps=wanted.fps, fourcc=wanted.fourcc, index=index
        )

    index = FilmIndex()
    ring = _ring(settings, live=live, film=address is not None and not live)
    store: FrameStore = ring
    if address is not None and not live:
        store = FilmStore(partial(open_again, address, wanted.fps), index)
    with ExitStack() as stack:
        reader = stack.enter_context(ring.reader())
        capture = stack.enter_context(
            CaptureThread(open_wanted, ring, realtime=wanted.pace == "realtime")
        )
        profile = load_profile(settings.person.profile) if settings.person.profile else None
        tracker = _open_tracker(settings)
        engine = _open_engine(settings, stack)
        _warm_up(settings)
        markers = LslMarkers(capture.info.name) if settings.lab.lsl else None
        recording, log = _open_recording(settings, capture.info, engine, store, stop, stack)
        events = EventTracker(
            engine=engine,
            log=log,
            recorder=recording.recorder if recording else None,
            wait=wanted.pace == "fast",
            answer_s=settings.engine.answer_s,
            announce=None if markers is None else markers.send,
        )
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
            dashboard=dashboard,
            times=times,
            traces=TraceHistory(settings.spotter.onset.enter_sigma),
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
    if recording is not None:
        # the recorder has finished the last clips meanwhile
        counts = replace(status.counts, recorder=recording.recorder.counts())
        try:
            said = None if failure is None else str(failure)
            recording.session.finish(counts, reason, said)
        except RecordingError as error:
            failure = failure or error
    if failure is not None and not isinstance(failure, RecordingError):
        raise failure
    if settings.dashboard.kind != "none":
        shown = [summary(status, events.final())]
        if demo is not None:
            shown.append(demo.report(events, status.elapsed_s))
        _say(shown)
    if failure is not None:
        raise failure
    if reason is not SessionEnd.STOPPED and not status.counts.seconds.judged:
        raise NothingJudged(nothing_judged(status.counts.seconds, live=status.live))


def _say(shown: Sequence[RenderableType]) -> None:
    """Print the end of a run; a reader that is gone, or a halted terminal, does not delay it."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    with console.capture() as captured:
        console.print(*shown, sep="\n")
    try:
        outlet = Outlet(sys.stdout)
        outlet.write(captured.get(), patience_s=_PATIENCE_S)
        outlet.close()
    except OSError as error:
        _log.info("nobody reads the summary: %s", error)


def _ring(settings: Settings, *, live: bool, film: bool) -> FrameRing:
    """The frames that analysis has yet to come to, and those that clips begin with."""
    if film:
        return FrameRing(_CAPACITY, keep_s=_FILM_S, max_bytes=_FILM_BYTES, lossless=True)
    keep_s = settings.recorder.pre_s + _EVENT_S + 1.0
    if not live:
        return FrameRing(_CAPACITY, keep_s=keep_s, lossless=True)
    return FrameRing(_CAPACITY, keep_s=keep_s, max_bytes=_RING_BYTES, max_raw_bytes=_RAW_BYTES)


class _Demo:
    """The built-in subject and its truth; its portrait is loaded only when it is used."""

    def __init__(self) -> None:
        from realtime.demo.subject import DemoSubject

        self._subject = DemoSubject()

    def open(self) -> Source:
        from realtime.demo.subject import DemoSource

        return DemoSource(self._subject)

    def report(self, events: EventTracker, played_s: float) -> RenderableType:
        from realtime.demo.score import match, report_table

        shown = [event for event in self._subject.truth if event.offset_s <= played_s]
        return report_table(match(shown, events.final()))


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
        sys.stderr.write(
            "fleeting: no engine: motion only, events stay unclassified (--engine DIR)\n"
        )
        return None
    return stack.enter_context(engine)


def _open_recording(
    settings: Settings,
    info: SourceInfo,
    engine: EngineProcess | None,
    store: FrameStore,
    stop: threading.Event,
    stack: ExitStack,
) -> tuple[RunRecording | None, EventLog | None]:
    wanted = settings.recorder
    if not wanted.record:
        return None, None
    for line in recover(wanted.output):
        sys.stderr.write(f"fleeting: {one_line(line)}\n")
    shown = settings.model_dump(mode="json")
    shown["source"]["source"] = info.name if settings.source.source else None  # never a password
    session = SessionFolder.create(
        wanted.output,
        settings=shown,
        source=info.name,
        engine=engine.description if engine else "motion only",
        start_s=0.0 if info.live else info.start_ns / 1e9,
    )
    disk = stack.enter_context(DiskThread(session, live=info.live))
    table = stack.enter_context(FramesCsv(session, disk.submit))
    recorder = stack.enter_context(
        Recorder(
            session,
            store,
            pre_s=wanted.pre_s,
            post_s=wanted.post_s,
            hurry=stop,
            free_bytes=disk.free_bytes,
        )
    )
    return RunRecording(session, disk, recorder, table), EventLog(session, disk.submit)


_BROWS = np.s_[30:70]  # rows of the crop


def _warm_up(settings: Settings) -> None:
    """Run every compiled kernel once: the first time on a machine they take seconds to build."""
    start = time.monotonic()
    done = threading.Event()

    def explain() -> None:
        if not done.wait(_SLOW_S):
            sys.stderr.write(
                "fleeting: compiling, only at the first start after an installation …\n"
            )

    threading.Thread(target=explain, name="explain", daemon=True).start()
    random = np.random.default_rng(0)
    still = random.integers(0, 255, (CROP_SIZE, CROP_SIZE), dtype=np.uint8)
    moved = still.copy()
    moved[_BROWS] = np.roll(moved[_BROWS], -1, axis=0)
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:468, :2] = canonical_in_crop()
    face = Face(0, landmarks, 1.0, FaceSigns(0.0, 0.0, 0.0, 0.0, 0.0))
    spotter = FaceSpotter(0, settings.stabiliser, settings.spotter)
    t_ns = 0
    for k in range(17):
        if k == 3 and time.monotonic() - start < _SLOW_S:
            break  # they are built already: those of a candidate load in a few frames' time
        spotter.spot(spotter.align(k, t_ns, moved if k == 14 else still, face), face)
        # the noise is known after two seconds; then the brows move, so that there is a candidate
        t_ns += 33_000_000 if k < 3 else 200_000_000
    done.set()
    if time.monotonic() - start > _SLOW_S:
        sys.stderr.write("fleeting: ready\n")


def _reason(status: Status, stop: threading.Event) -> SessionEnd:
    if stop.is_set():
        return SessionEnd.STOPPED
    ended = status.capture.state is CameraState.ENDED
    return SessionEnd.SOURCE_ENDED if ended else SessionEnd.TIME_UP
