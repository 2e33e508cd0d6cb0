"""What the first run would have to wait for, made now: `fleeting doctor --build-engine`.

On a GPU TensorRT's plan, which takes a minute or more; everywhere the kernels of the front end.
The engine loads in a process of its own, as in a run, and is waited for while it reports progress.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from realtime.doctor.check import Check, CheckResult
from realtime.engine.backends import is_built, resolve
from realtime.engine.folder import EngineFolder, default_engine
from realtime.engine.process import EngineProcess
from realtime.errors import EngineError
from realtime.motion.stabiliser import StabiliserConfig
from realtime.spotting.kernels import build_kernels
from realtime.spotting.spotter import SpotterConfig

_TOLD_S = 1.0  # between two lines of progress


def build_engine(given: Path | None, backend: str, say: Callable[[str], None]) -> Check:
    """Load the engine once, with what it builds, and compile the kernels.

    Args:
        given: the engine's folder; None: that which came with the program.
        backend: as `--backend` takes it.
        say: called with a line about what is done, at most once a second.
    """
    path = given or default_engine()
    if path is None:
        return Check("built", "there is no engine", CheckResult.MISSING, "fleeting train makes one")
    try:
        folder = EngineFolder.load(path)
        before = is_built(resolve(backend, folder), folder)
        with EngineProcess(path, backend=backend) as engine:
            say(f"loading the engine, {engine.description} …")
            engine.load(_at_times(say))
            name = engine.description
    except EngineError as error:
        return Check("built", str(error), CheckResult.MISSING, needed=True)
    say("compiling the kernels of the front end …")
    build_kernels(StabiliserConfig(), SpotterConfig())
    made = "loads as it is" if before else "its plan for this machine is kept"
    return Check("built", f"{name} is ready, {made}; the kernels are compiled")


def _at_times(say: Callable[[str], None]) -> Callable[[str], None]:
    """Passes on the first line, and then one a second."""
    said_s = float("-inf")

    def told(line: str) -> None:
        nonlocal said_s
        if time.monotonic() - said_s >= _TOLD_S:
            said_s = time.monotonic()
            say(line)

    return told
