"""A session's events written in the formats that are named."""

from __future__ import annotations

import sys
from pathlib import Path

from realtime.errors import SettingsError
from realtime.export.bids import write_bids
from realtime.export.elan import write_elan
from realtime.export.only import Only, is_chosen
from realtime.export.openface import write_openface
from realtime.export.safe_text import counted, one_line
from realtime.export.spans import spans
from realtime.recording.frames_csv import read_rows
from realtime.recording.session import open_session


def write(
    session_folder: Path,
    *,
    elan: Path | None = None,
    bids: Path | None = None,
    openface: Path | None = None,
    only: Only = "all",
    media: Path | None = None,
    force: bool = False,
) -> None:
    """Write what is named, and say how many events or frames it holds.

    Args:
        only: which events: those flagged in the end, the others, or all.
        media: the video; None: where it was when it was analysed.
        force: write new files in the place of those that are there, instead of merging.

    Raises:
        SettingsError: nothing is named, or there is no such video.
        DataError: it is no session, or a file that is there cannot be kept.
        RecordingError: a file cannot be written.
    """
    if not (elan or bids or openface):
        raise SettingsError(
            "say what to write: --elan FILE.eaf, --bids FILE.tsv, --openface FILE.csv"
        )
    if openface and openface.exists() and not force:
        raise SettingsError(
            f"--openface {openface} is there; --force writes a new one in its place"
        )
    if media and not media.is_file():
        raise SettingsError(f"--media {media}: there is no such file")
    session = open_session(session_folder)
    events = [event for event in session.events if is_chosen(event, only)]
    if elan:
        found = spans(events, session.labels, session.verdicts, session.markers)
        write_elan(elan, found, media or session.source, force=force)
    if bids:
        write_bids(bids, events, session.labels, session.markers, force=force)
    for path in filter(None, (elan, bids)):
        sys.stdout.write(f"{one_line(str(path))}: {counted(len(events), 'event')}\n")
    if openface:
        count = write_openface(openface, read_rows(session_folder))
        sys.stdout.write(f"{one_line(str(openface))}: {counted(count, 'row')}\n")
    for trouble in session.troubles:
        sys.stderr.write(f"fleeting: {one_line(trouble)}; it is left out\n")
