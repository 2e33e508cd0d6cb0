"""The engine in a process of its own: its faults do not affect the capture.

The child loads the folder, checks the canary, says ready, and answers pairs one by one.  The
parent never waits for it unless it asks to (`wait`, for files analysed in order).  A child that
dies, hangs or answers the canary wrongly is replaced, up to a limit, and so is one that does not
load, up to `_LOADS` times in a row; its pending pairs are answered as failures at once, so that an
event goes on without a class.  Beyond the limit the processor takes over from a GPU that nobody
named, and answers what is pending.  A load may take minutes as long as it reports progress.

Used from one thread.  Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.engine.backends import Backend, resolve, spare
from realtime.engine.folder import EngineFolder
from realtime.engine.named_units import name_units
from realtime.engine.shared_memory import PairSlots
from realtime.engine.worker import Loading, Ready, Reply, Request, serve
from realtime.errors import EngineError
from realtime.event import CLASSES, ActionUnit, Classification
from realtime.status import EngineCounts, EngineState

_QUEUE = 8  # pairs in the queue; a ninth is not accepted
_HANG_S = 5.0  # a pair takes 0.1 s; a child silent for this long is replaced
_LOAD_S = 30.0  # without a message
_STEP_S = 300.0  # between two reports of progress, where a plan is built
_LOADS = 3  # that may fail in a row
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    ticket: int
    classification: Classification | None  # None: see failure
    displacement: NDArray[np.float32] | None  # (2, 224, 224) crop pixels
    took_ms: float
    failure: str | None
    action_units: tuple[ActionUnit, ...] | None = None  # most probable first; None: not asked


class EngineProcess:
    """Context manager around the child.

    Args:
        folder: checked here first, so that a bad one is an error now and not an absent class.
        restarts: replacements allowed in any `per_s` seconds.

    Raises:
        EngineError: the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        backend: str = "auto",
        threads: int = 1,
        restarts: int = 5,
        per_s: float = 60.0,
    ) -> None:
        checked = EngineFolder.load(folder)
        self.name = checked.name
        chosen = resolve(backend, checked)
        self._spare = spare(backend, chosen)
        self._fingerprint = checked.fingerprint
        self.description = f"{chosen.name} {checked.fingerprint}"
        self.state = EngineState.LOADING
        self.detail = ""  # why the child was last replaced, or how far it has loaded
        self._counts = Counter[str]()
        self._temperature, self._least_micro = checked.temperature, checked.micro_threshold
        self._action_units = checked.action_units
        self._arguments = (str(folder), chosen.name, threads)
        self._budget = (restarts, per_s)
        self._deaths: deque[float] = deque()
        self._pending: dict[int, float] = {}  # ticket to when it was taken
        self._slot_of: dict[int, int] = {}
        self._done: list[Answered] = []
        self._failed_loads = 0  # in a row
        self._reports = False  # the child that loads reports its progress

    def __enter__(self) -> EngineProcess:
        self._slots = PairSlots(_QUEUE)
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end_child()
        self._slots.close()

    @property
    def gone(self) -> bool:
        """Whether it has failed for good."""
        return self.state is EngineState.FAILED

    def counts(self) -> EngineCounts:
        """So far."""
        return EngineCounts(**self._counts)

    def load(self, told: Callable[[str], None]) -> None:
        """Block until the child is ready.

        Args:
            told: called with each report of its progress, and with why it is begun again.

        Raises:
            EngineError: it does not load.
        """
        before = ""
        while self.state is not EngineState.READY:
            self._tend(block_s=0.05)
            if self.gone:
                raise EngineError(f"{self.description} does not load: {self.detail}")
            if self.detail not in ("", before):
                told(before := self.detail)

    def submit(self, ticket: int, pair: NDArray[np.float32]) -> bool:
        """Send a pair (2, 224, 224) in [0, 1]; False if the queue is full."""
        self._tend()
        if self.gone or len(self._slot_of) >= _QUEUE:
            self._counts["refused"] += 1
            return False
        slot = next(s for s in range(_QUEUE) if s not in self._slot_of.values())
        self._slots.write(slot, pair)
        self._pending[ticket] = time.monotonic()
        self._slot_of[ticket] = slot
        if self.state is EngineState.READY:
            self._send(ticket)
        return True

    def poll(self) -> list[Answered]:
        """Answers and failures since the last call."""
        self._tend()
        done, self._done = self._done, []
        return done

    def wait(self, ticket: int, timeout_s: float = 60.0, *, for_load: bool = False) -> Answered:
        """Block until a submitted pair is answered or has failed.

        Args:
            for_load: time in which the child loads does not count.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            self._tend(block_s=0.05)
            if for_load and self.state in (EngineState.LOADING, EngineState.RESTARTING):
                deadline = time.monotonic() + timeout_s
            for answered in self._done:
                if answered.ticket == ticket:
                    self._done.remove(answered)
                    return answered
            if ticket not in self._pending or time.monotonic() > deadline:
                if self._pending.pop(ticket, None) is not None:
                    self._counts["failed"] += 1
                return Answered(ticket, None, None, 0.0, "no answer in time")

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, far_end = context.Pipe()
        self._process = context.Process(
            target=serve,
            args=(far_end, self._slots.name, _QUEUE, *self._arguments),
            name="engine",
            daemon=True,
        )
        self._process.start()
        far_end.close()
        self._heard = time.monotonic()
        self._reports = False

    def _end_child(self) -> None:
        if self._link.closed:
            return
        self._link.close()
        self._process.join(timeout=0.5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(timeout=2.0)
        self._process.close()

    def _tend(self, block_s: float = 0.0) -> None:
        """Read the child's messages and check that it is alive."""
        if self.gone:
            return
        try:
            while not self.gone and self._link.poll(block_s):
                block_s = 0.0
                self._take(self._link.recv())
        except (EOFError, OSError):
            self._replace("its process died")
            return
        now = time.monotonic()
        if self.state is EngineState.READY:
            oldest = min(self._pending.values(), default=now)
            if now - max(oldest, self._heard) > _HANG_S:
                self._replace("its process hangs")
        elif now - self._heard > (_STEP_S if self._reports else _LOAD_S):
            self._replace("it did not load in time")

    def _take(self, message: object) -> None:
        self._heard = time.monotonic()
        if isinstance(message, Loading):
            self.detail, self._reports = message.what, True
        elif isinstance(message, Ready):
            self.state, self.detail = EngineState.READY, ""
            self._failed_loads = 0
            for ticket in list(self._pending):  # what came while it loaded
                self._send(ticket)
        elif isinstance(message, Reply):
            slot = self._slot_of.pop(message.ticket, None)
            if self._pending.pop(message.ticket, None) is not None and slot is not None:
                answered = self._answered(message, self._slots.read(slot))
                self._counts["answered" if answered.failure is None else "failed"] += 1
                self._done.append(answered)
        else:
            self._replace(str(message))

    def _answered(self, reply: Reply, displacement: NDArray[np.float32]) -> Answered:
        named = () if reply.au_logits is None else reply.au_logits.ravel()
        outputs = (*reply.logits, reply.micro_logit, *named)
        if not (np.isfinite(outputs).all() and np.isfinite(displacement).all()):
            return Answered(reply.ticket, None, None, reply.took_ms, "its answer is not finite")
        scaled = np.asarray(reply.logits, np.float64) / self._temperature
        odds = np.exp(scaled - scaled.max())
        p = odds / odds.sum()
        micro = float(1.0 / (1.0 + np.exp(-reply.micro_logit)))
        classification = Classification(
            CLASSES[int(p.argmax())],
            (float(p[0]), float(p[1]), float(p[2])),
            micro,
            self.description,
            doubted=micro < self._least_micro,
        )
        units: tuple[ActionUnit, ...] | None = None
        if reply.au_logits is not None:
            units = name_units(reply.au_logits, displacement, self._action_units)
        return Answered(reply.ticket, classification, displacement, reply.took_ms, None, units)

    def _send(self, ticket: int) -> None:
        try:
            self._link.send(Request(ticket, self._slot_of[ticket]))
        except OSError:
            self._replace("its process died")

    def _replace(self, why: str) -> None:
        """End the child and start another; what is pending is answered as a failure.

        Where there is a spare, only what the child may have begun is: its slot may be overwritten.
        """
        loaded = self.state is EngineState.READY
        self._end_child()
        self.detail = why
        now = time.monotonic()
        allowed, per_s = self._budget
        self._deaths.append(now)
        self._failed_loads += not loaded
        while self._deaths and now - self._deaths[0] > per_s:
            self._deaths.popleft()
        begun = list(self._pending)
        if self._spare is not None:
            begun = begun[:1] if loaded else []
        self._fail(begun, why)
        if len(self._deaths) > allowed or self._failed_loads >= _LOADS:
            if self._spare is None:
                self.state = EngineState.FAILED
                return
            self._take_spare(self._spare)
        self.state = EngineState.RESTARTING
        self._counts["restarted"] += 1
        self._start()

    def _fail(self, tickets: list[int], why: str) -> None:
        for ticket in tickets:
            del self._pending[ticket]
            self._done.append(Answered(ticket, None, None, 0.0, why))
        self._counts["failed"] += len(tickets)
        self._slot_of = {t: slot for t, slot in self._slot_of.items() if t in self._pending}

    def _take_spare(self, spare: Backend) -> None:
        _log.warning("%s fails: %s; %s goes on", self.description, self.detail, spare.name)
        self.description = f"{spare.name} {self._fingerprint}"
        self._arguments = (self._arguments[0], spare.name, self._arguments[2])
        self._spare = None
        self._deaths.clear()
        self._failed_loads = 0


def open_engine(folder: Path | None, *, backend: str, threads: int) -> EngineProcess | None:
    """The engine process for a folder; None: motion only."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise EngineError(f"there is no engine folder at {folder}")
    return EngineProcess(folder, backend=backend, threads=threads)
