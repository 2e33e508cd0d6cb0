"""The program under a pseudo-terminal in `test_terminal.py`: shows statuses until told to end.

    python -m tests.realtime.dashboard.child KIND SCENE ENDING

Endings: `quit` (the q key), `error` (an exception in the block), `drawing` (a status that
cannot be drawn, then q), `count` (after 3000 statuses).  SIGTERM becomes SystemExit(143), as
programs do.  What it has to tell goes to the descriptor named in
the environment.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import signal
import sys
import termios
import threading
from collections.abc import Iterator
from typing import Any, cast

from realtime.dashboard import Action, open_dashboard
from realtime.dashboard.dashboard import DashboardKind
from realtime.status import Status
from tests.realtime.dashboard.scenes import SCENES

TELL = int(os.environ["TELL"])


def tell(line: str) -> None:
    os.write(TELL, f"{line}\n".encode())


def statuses(scene: str, ending: str) -> Iterator[Status]:
    usual = SCENES[scene]
    undrawable = dataclasses.replace(usual, size=cast(Any, None))
    number = 0
    while ending != "count" or number < 3000:
        late = number > 50
        shown = undrawable if ending == "drawing" and late else usual
        yield dataclasses.replace(shown, elapsed_s=usual.elapsed_s + number / 50)
        number += 1
        if ending == "error" and late:
            raise RuntimeError("something broke in the block")


def main(kind: str, scene: str, ending: str) -> None:
    pace = threading.Event()
    fast = ending == "count"
    with open_dashboard(cast(DashboardKind, kind), keys=True) as dashboard:
        tell("open")
        for status in statuses(scene, ending):
            dashboard.show(status)
            pressed = dashboard.commands()
            for command in pressed:
                tell(f"{command.action.value} {command.label}".rstrip())
            if any(command.action is Action.QUIT for command in pressed):
                break
            if not fast:
                pace.wait(0.02)
        tell("shown")
    tell("closed")


def terminated(number: int, _: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    if os.isatty(0):  # the terminal of this session, as a login's terminal is
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTERM, terminated)
    main(*sys.argv[1:])
