"""Settings that a source of one kind cannot have: known once the address says what it is.

What holds of every source is checked where the setting stands, in `tree.py`.
"""

from __future__ import annotations

from realtime.errors import SettingsError
from realtime.settings.tree import Settings


def check_source(settings: Settings, *, live: bool) -> None:
    """Raises SettingsError for what a source of this kind cannot do."""
    if live and settings.source.pace == "fast":
        raise SettingsError("a stream has its own pace; --pace fast is for files and folders")
    if settings.source.wait_s and not live:
        raise SettingsError("--wait is for cameras and streams: a file is there or it is not")
    if settings.recorder.pictures == "video" and not (live or settings.source.demo):
        raise SettingsError("--pictures video is for cameras and streams: a film is kept already")
    if settings.recorder.pictures == "video" and not settings.recorder.record:
        raise SettingsError("--pictures video writes to the session, and --no-record keeps none")
    lab = settings.lab
    if lab.live_only and not live:
        raise SettingsError(f"{lab.live_only} is for cameras and streams: a file has its own clock")
    if lab.only != "all" and not lab.lsl:
        raise SettingsError(f"--only {lab.only} chooses what --lsl sends: give --lsl too")
    if lab.senders and not settings.recorder.record:
        raise SettingsError(f"{lab.senders} writes to the session, and --no-record keeps none")
