"""The engine of this machine: is it whole, and how fast is each backend that is here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from realtime.doctor.check import Check, CheckResult
from realtime.engine.backends import backends, is_built, missing, open_session, resolve
from realtime.engine.folder import EngineFolder, default_engine
from realtime.errors import EngineError
from realtime.face.geometry import CROP_SIZE

_TIMED = 4  # pairs for each backend
_BUILD = "fleeting doctor --build-engine"
_WORTH = 0.8  # a backend that takes less of the time is recommended


def engine_checks(given: Path | None) -> Iterator[Check]:
    """The engine, what it runs on here, and what else it could run on.

    Args:
        given: its folder; None: that which came with the program.
    """
    path = given or default_engine()
    if path is None:
        advice = "fleeting train makes one; without, events have no class"
        yield Check("engine", "none", CheckResult.MISSING, advice)
        return
    try:
        folder = EngineFolder.load(path)
        chosen = resolve("auto", folder)
        unbuilt = not is_built(chosen, folder)
        took_ms = {} if unbuilt else {chosen.name: _pair_ms(folder, chosen.name)}
    except EngineError as error:
        advice = "copy or export the engine again"
        yield Check("engine", str(error), CheckResult.MISSING, advice, needed=True)
        return
    others = []
    for backend in backends().values():
        if backend.name == chosen.name:
            continue
        try:
            why_not = missing(backend, folder)
            if why_not is None and not is_built(backend, folder):
                why_not = f"not built yet: {_BUILD} --backend {backend.name}"
            elif why_not is None and backend.runtime != "torch":  # seconds to load, never fastest
                took_ms[backend.name] = _pair_ms(folder, backend.name)
        except EngineError as error:
            why_not = str(error)
        others.append(_other(backend.name, why_not, took_ms.get(backend.name)))
    yield Check("engine", f"{folder.name} {folder.fingerprint} in {folder.path}")
    if unbuilt:
        found = f"{chosen.name}, not built yet: the first run waits for it"
        yield Check("runs on", found, CheckResult.SLOWER, _BUILD)
        yield from others
        return
    text = f"{chosen.name}, {took_ms[chosen.name]:.0f} ms per pair; the canary's answer is right"
    best = min(took_ms, key=lambda name: took_ms[name])
    if took_ms[best] < _WORTH * took_ms[chosen.name]:
        yield Check("runs on", text, CheckResult.SLOWER, f"faster here: --backend {best}")
    else:
        yield Check("runs on", text)
    yield from others


def _pair_ms(folder: EngineFolder, backend: str) -> float:
    """Opens a session, which checks its canary, and times a few pairs on one thread."""
    session = open_session(folder, backend, 1)
    pair = np.zeros((1, 2, CROP_SIZE, CROP_SIZE), np.float32)
    took = []
    for _ in range(_TIMED):
        start = time.perf_counter()
        session.run(pair)
        took.append(1e3 * (time.perf_counter() - start))
    return min(took)


def _other(name: str, why_not: str | None, took_ms: float | None) -> Check:
    """A backend that was not chosen."""
    if why_not:
        return Check(f"  {name}", why_not, CheckResult.MISSING)
    return Check(f"  {name}", "can run" if took_ms is None else f"can run, {took_ms:.0f} ms")
