"""Opens the senders of markers that a run was asked to listen to."""

from __future__ import annotations

from contextlib import ExitStack

from realtime.markers.inbox import MarkerInbox
from realtime.markers.lsl_inlet import LslMarkerInlet
from realtime.markers.port import MarkerPort
from realtime.recording.run_recording import RunRecording
from realtime.settings.tree import LabSettings


def open_markers(lab: LabSettings, recording: RunRecording | None, stack: ExitStack) -> MarkerInbox:
    """Where the markers of a run arrive; without a recording only those of the keys, unwritten.

    Args:
        stack: closes the senders.

    Raises:
        SettingsError: a sender cannot be opened.
    """
    if recording is None:
        return MarkerInbox(None)
    inbox = MarkerInbox(recording.session, recording.disk.submit)
    if lab.markers_port is not None:
        stack.enter_context(MarkerPort(lab.markers_port, inbox))
    if lab.markers_from is not None:
        stack.enter_context(LslMarkerInlet(lab.markers_from, inbox))
    return inbox
