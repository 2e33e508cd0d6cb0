"""A function of yours is called with every event, some 0.2 s after the apex.

python examples/live_callback.py 0 consent.toml            # camera 0, for a minute
python examples/live_callback.py film.mp4
"""

import sys
from pathlib import Path

from realtime import analyse
from realtime.errors import FleetingError


def tell(event):
    """Called on the thread of the analysis: return soon, or frames are dropped.

    An event comes again, with `revises`, when its class or its offset becomes known, or when the
    flag is retracted.
    """
    if event.kind == "micro":
        again = "again " if event.revises else ""
        print(f"{again}event {event.id}: apex {event.apex_s:.2f} s, {event.label}", flush=True)


if __name__ == "__main__":
    source, *consent = sys.argv[1:]
    settings = {"source.seconds": 60.0}
    if consent:
        settings["consent.file"] = Path(consent[0])
    try:
        place = int(source) if source.isdigit() else source
        session = analyse(place, settings=settings, on_event=tell)
    except FleetingError as error:  # a sentence that says what to do
        sys.exit(str(error))
    print(f"kept in {session.folder}")
