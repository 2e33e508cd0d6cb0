"""Write a session's events for the tools of a laboratory.

    python -m realtime.export sessions/20261127-204500-0001 --elan interview.eaf
    python -m realtime.export sessions/20261127-204500-0001 --bids sub-01_task-film_events.tsv

ELAN: the tiers flagged, apex, reviewed (what a person said in realtime.review), rejected and not
judged, in the time of the video that was watched, which is linked if it is still there.
BIDS: one row an event with its times in seconds, and a .json beside it that explains the columns.
Times are those of the source: of a film its own time line, otherwise from the first frame.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from realtime.errors import DataError, FleetingError, SettingsError
from realtime.export.bids import write_bids
from realtime.export.elan import write_elan
from realtime.export.spans import spans
from realtime.recording.event_log import latest, read_events
from realtime.recording.frames_csv import read_verdicts
from realtime.review.flags import open_session
from realtime.review.labels import Labels


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="realtime.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("session", type=Path, help="a folder below sessions/")
    parser.add_argument("--elan", type=Path, metavar="FILE.eaf")
    parser.add_argument("--bids", type=Path, metavar="FILE.tsv")
    parser.add_argument("--media", type=Path, help="the video, if it is not where it was")
    given = parser.parse_args(arguments)
    try:
        if not (given.elan or given.bids):
            raise SettingsError("say what to write: --elan FILE.eaf, --bids FILE.tsv")
        if given.media and not given.media.is_file():
            raise SettingsError(f"--media {given.media}: there is no such file")
        session = open_session(given.session)
        events = list(latest(read_events(session.folder / "events.jsonl")).values())
        labels = Labels(session)
        said = {str(e["id"]): said for e in events if (said := labels.get(str(e["id"])))}
        try:
            if given.elan:
                found = spans(events, said, read_verdicts(session.folder))
                write_elan(given.elan, found, given.media or _watched(session.folder))
            if given.bids:
                write_bids(given.bids, events, said)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{session.folder} holds an event without {error}") from error
    except FleetingError as error:
        sys.stderr.write(f"realtime.export: {error}\n")
        return error.exit_code
    for path in filter(None, (given.elan, given.bids)):
        sys.stdout.write(f"{path}: {len(events)} events\n")
    return 0


def _watched(folder: Path) -> Path | None:
    """The video of the session, if it was one and is still there."""
    try:
        source = json.loads((folder / "session.json").read_text("utf-8"))["source"]
        return Path(source) if Path(source).is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


if __name__ == "__main__":
    sys.exit(main())
