"""Child of test_kill: records events from a paced source until it is killed.

Arguments: the output folder.  Prints one JSON line per step: the session's folder, the number
of the newest frame pushed, clips closed so far, by how much the machine made it late at most.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from realtime.capture.ring_buffer import FrameRing
from realtime.event import Event
from realtime.recording.event_log import EventLog
from realtime.recording.recorder import Recorder
from realtime.recording.session_folder import SessionFolder
from tests.realtime.recording.frames import numbered

RATE = 60  # frames a second


def main(output: Path) -> None:
    session = SessionFolder.create(output, settings={}, source="child", engine="none")
    log = EventLog(session)
    ring = FrameRing(300)
    pace = threading.Event()  # never set; waiting on it paces the source
    step_ns = 10**9 // RATE
    start_ns, late_s = time.monotonic_ns(), 0.0
    with Recorder(session, ring, pre_s=0.2, post_s=0.3, reserve_bytes=0) as recorder:
        for number in range(RATE * 60):
            due_ns = start_ns + number * step_ns
            pace.wait(max(0, due_ns - time.monotonic_ns()) / 1e9)
            late_s = max(late_s, (time.monotonic_ns() - due_ns) / 1e9)
            t_ns = number * step_ns
            ring.push(t_ns, numbered(number))
            if number % 40 == 39:
                onset = number - 12
                name = f"{number // 40 + 1:04d}"
                clip = recorder.record(name, onset * step_ns, (number - 6) * step_ns, t_ns)
                times = [n / RATE for n in (onset, number - 6, number, number)]
                frames = (onset, number - 6, number)
                box = (200.0, 90.0, 420.0, 370.0)
                log.append(
                    Event(name, 0, box, "micro", *times, *frames, 0.02, 9.0, (0.1,) * 6, clip=clip)
                )
            report = {"folder": str(session.folder), "pushed": number, "late_s": late_s}
            sys.stdout.write(json.dumps({**report, "clips": recorder.counts().clips}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
