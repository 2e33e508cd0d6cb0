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
import sys
from collections.abc import Sequence
from pathlib import Path

from realtime.errors import FleetingError, SettingsError
from realtime.export.bids import write_bids
from realtime.export.elan import write_elan
from realtime.export.spans import spans
from realtime.recording.session import open_session


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
        events = session.events
        if given.elan:
            found = spans(events, session.labels, session.verdicts)
            write_elan(given.elan, found, given.media or session.source)
        if given.bids:
            write_bids(given.bids, events, session.labels)
    except FleetingError as error:
        sys.stderr.write(f"realtime.export: {error}\n")
        return error.exit_code
    for path in filter(None, (given.elan, given.bids)):
        sys.stdout.write(f"{path}: {len(events)} events\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
