"""What runs inside the engine process: load, check, answer, until the parent is gone.

Every message is short, so that it is in the pipe as a whole or not at all: a process that is
stopped in the middle of an answer leaves nothing half said.  The field goes through the slot that
its pair came in.
"""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.engine.backends import open_session, resolve
from realtime.engine.folder import EngineFolder
from realtime.engine.runtime import check_canary, limit_memory
from realtime.engine.shared_memory import PairSlots
from realtime.errors import EngineError, EngineMismatch
from realtime.event import ACTION_UNITS

_CANARY_S = 10.0  # an idle engine runs its canary this often
_MAX_WORDS = 2000  # of a message; what a library says of a graph may be long


@dataclass(frozen=True, slots=True)
class Request:
    ticket: int
    slot: int  # where its pair lies


@dataclass(frozen=True, slots=True)
class Loading:
    """Loading takes long, and has made progress."""

    what: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The engine is loaded and has answered its canary."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The displacement (2, 224, 224) lies in the slot of the request."""

    ticket: int
    logits: tuple[float, float, float]
    micro_logit: float
    au_logits: NDArray[np.float32] | None  # (11, 2)
    took_ms: float


def serve(
    link: Connection, slots_name: str, slots: int, folder: str, backend: str, threads: int
) -> None:
    """Answer requests from `link`; ends when the other end is closed, however that came about."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    with contextlib.suppress(EOFError, OSError):
        pairs = PairSlots(slots, slots_name)
        try:
            checked = EngineFolder.load(Path(folder))
            limit_memory(resolve(backend, checked).runtime)
            session = open_session(
                checked, backend, threads, lambda what: link.send(Loading(what[:_MAX_WORDS]))
            )
            tolerance = resolve(backend, checked).tolerance
            link.send(Ready())
            while True:
                if not link.poll(_CANARY_S):
                    check_canary(session, checked, tolerance)
                    continue
                request: Request = link.recv()
                start = time.perf_counter()
                answer = session.run(pairs.read(request.slot)[None])
                took_ms = 1e3 * (time.perf_counter() - start)
                a, b, c = (float(v) for v in answer.logits[0])
                micro = float(answer.micro_logit[0])
                units = None if answer.au_logits is None else answer.au_logits[0]
                if units is not None and units.shape != (len(ACTION_UNITS), 2):
                    raise EngineMismatch("the network names other action units")
                pairs.write(request.slot, answer.displacement[0])
                link.send(Reply(request.ticket, (a, b, c), micro, units, took_ms))
        except EngineError as error:
            link.send(str(error)[:_MAX_WORDS])
        except MemoryError:
            link.send("the network needs more memory than an engine may take")
