"""Opens what a run is written to: session folder, disk thread, table of frames, recorder, video.

Opened in this order on the caller's `ExitStack`, closed in reverse: the recorder ends its clips
while the thread that writes to the disk still runs.  Whether anything may be kept was decided
before (`realtime/consent/decision.py`).
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

from realtime.capture.frame_store import FrameStore
from realtime.capture.source import SourceInfo
from realtime.consent.decision import KeepDecision
from realtime.encryption.key import KEYRING, read_key
from realtime.recording.disk_thread import DiskThread
from realtime.recording.event_log import EventLog
from realtime.recording.frames_csv import FramesCsv
from realtime.recording.recorder import Recorder
from realtime.recording.run_recording import RunRecording
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_lock import recording_lock
from realtime.recording.session_video import SessionVideo
from realtime.settings.tree import Settings


def open_recording(
    settings: Settings,
    keep: KeepDecision,
    info: SourceInfo,
    store: FrameStore,
    stack: ExitStack,
    *,
    engine: str,
    hurry: threading.Event,
) -> tuple[RunRecording, EventLog]:
    """Make the session folder, and begin to record into it.

    Args:
        store: where the frames of an event are kept.
        stack: closes all of it.
        engine: which engine and weights, or "motion only".
        hurry: set when the user wants the program to end.

    Raises:
        RecordingError: the folder cannot be made or written.
        SettingsError: the key cannot be read.
    """
    wanted = settings.recorder
    session = SessionFolder.create(
        wanted.output,
        settings=_settings_kept(settings, info),
        source=info.name,
        engine=engine,
        start_s=0.0 if info.live else info.start_ns / 1e9,
        participant=settings.study.participant or keep.participant,
        condition=settings.study.condition,
        consent=keep.consent,
        purpose=settings.consent.purpose,
        key=None if wanted.key is None else read_key(wanted.key),
    )
    stack.enter_context(recording_lock(session.folder))
    disk = stack.enter_context(DiskThread(session, live=info.live))
    table = stack.enter_context(FramesCsv(session, disk.submit))
    recorder = stack.enter_context(
        Recorder(
            session,
            store,
            pictures=wanted.pictures,
            pre_s=wanted.pre_s,
            post_s=wanted.post_s,
            hurry=hurry,
            free_bytes=disk.free_bytes,
            blocked=disk.blocked,
        )
    )
    video = None
    if wanted.pictures == "video":
        video = SessionVideo(session, store, free_bytes=disk.free_bytes)
        stack.enter_context(video)
    recording = RunRecording(session, disk, recorder, table, keep, video)
    return recording, EventLog(session, disk.submit)


def _settings_kept(settings: Settings, info: SourceInfo) -> dict[str, Any]:
    """What session.json says of the settings."""
    # of whom and under which consent it was made, --config must not carry over
    kept = settings.model_dump(mode="json", exclude={"study": True, "consent": {"file"}})
    kept["source"]["source"] = info.name if settings.source.source else None  # never a password
    key = settings.recorder.key
    if key not in (None, KEYRING):
        kept["recorder"]["key"] = str(key.absolute())  # where a reader finds it again
    return kept
