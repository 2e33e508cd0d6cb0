"""Child of test_session_video: keeps a session's video until it is killed.

Arguments: the output folder.  Prints the session's folder, then the number of each frame that was
pushed; the source waits for whoever is slower than it.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from realtime.capture.ring_buffer import FrameRing
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_video import SessionVideo
from tests.realtime.recording.frames import STEP_NS, numbered

SEGMENT_S = 1.0
AHEAD = 8  # frames that the source may be ahead of the writer


def main(output: Path) -> None:
    session = SessionFolder.create(output, settings={}, source="child", engine="none")
    sys.stdout.write(f"{session.folder}\n")
    ring = FrameRing(100, lossless=True, ahead=AHEAD)
    with SessionVideo(session, ring, free_bytes=lambda: 10**9, segment_s=SEGMENT_S) as video:
        for number in count():
            ring.push(number * STEP_NS, numbered(number))
            if number == 0:
                video.begin(0, 0)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
