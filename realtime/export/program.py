"""A session's events written in the formats that are named."""

from __future__ import annotations

import sys
from pathlib import Path

from realtime.errors import SettingsError
from realtime.export.bids import write_bids
from realtime.export.elan import write_elan
from realtime.export.safe_text import one_line
from realtime.export.spans import spans
from realtime.recording.session import open_session


def write(
    session_folder: Path,
    *,
    elan: Path | None = None,
    bids: Path | None = None,
    media: Path | None = None,
    force: bool = False,
) -> None:
    """Write what is named, and say how many events it holds.

    Args:
        media: the video; None: where it was when it was analysed.
        force: write new files in the place of those that are there, instead of merging.

    Raises:
        SettingsError: nothing is named, or there is no such video.
        DataError: it is no session, or a file that is there cannot be kept.
        RecordingError: a file cannot be written.
    """
    if not (elan or bids):
        raise SettingsError("say what to write: --elan FILE.eaf, --bids FILE.tsv")
    if media and not media.is_file():
        raise SettingsError(f"--media {media}: there is no such file")
    session = open_session(session_folder)
    events = session.events
    if elan:
        found = spans(events, session.labels, session.verdicts)
        write_elan(elan, found, media or session.source, force=force)
    if bids:
        write_bids(bids, events, session.labels, force=force)
    for path in filter(None, (elan, bids)):
        sys.stdout.write(f"{one_line(str(path))}: {len(events)} events\n")
    for trouble in session.troubles:
        sys.stderr.write(f"fleeting: {one_line(trouble)}; it is left out\n")
