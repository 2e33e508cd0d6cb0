"""The plain dashboard, for pipes, log files and screen readers: lines without escape codes.

One line a second of wall time shows the status; every event and every notice has a line
of its own, at once and exactly once.  Lines wait in a bounded queue, so a reader that has
stopped reading does not block the program.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Self, TextIO

from realtime.capture.stats import CameraState
from realtime.dashboard import words
from realtime.dashboard.advice import advice
from realtime.dashboard.command_keys import CommandKeys
from realtime.dashboard.key_table import KeyCommand
from realtime.dashboard.keys import KeyReader
from realtime.dashboard.signal_meter import sentence
from realtime.event import Event
from realtime.face.assessability import Assessable
from realtime.outlet import Outlet
from realtime.status import EngineState, RecordingState, Status

logger = logging.getLogger(__name__)

_PERIOD_S = 1.0
_PATIENCE_S = 1.0  # for the last lines, to a reader that has stopped reading
_JOIN_S = 2.0
_HELD_LINES = 10_000
_HELD_EVENTS = 1_000  # ids remembered as said; a status shows only the last few


class PlainDashboard:
    """Writes lines on a thread of its own."""

    def __init__(self, stream: TextIO, *, keys: bool) -> None:
        self._stream = stream
        self._with_keys = keys
        self._keys = KeyReader(self._press)
        self._commands = CommandKeys()
        self._news = News()
        self._lines: deque[str] = deque()
        self._left_out = 0
        self._newest: Status | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)

    def __enter__(self) -> Self:
        self._outlet = Outlet(self._stream)
        if self._with_keys:
            self._keys.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._wake.set()
        self._keys.__exit__()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)
        self._outlet.close()

    def show(self, status: Status) -> None:
        with self._lock:
            before, self._newest = self._newest, status
            if before is not None and before.capture.state is not status.capture.state:
                self._lines.append(status_line(status))  # a change of state is shown at once
            for line in self._news.of(status):
                if len(self._lines) < _HELD_LINES:
                    self._lines.append(line)
                else:
                    self._left_out += 1
            waiting = bool(self._lines)
        if waiting:
            self._wake.set()

    def commands(self) -> tuple[KeyCommand, ...]:
        return self._commands.taken()

    def _press(self, key: str) -> None:
        self._commands.press(key, time.monotonic_ns())

    def _run(self) -> None:
        try:
            self._write_until_stopped()
        except OSError as error:
            logger.warning("standard output was closed; the dashboard stops: %s", error)

    def _write_until_stopped(self) -> None:
        said: Status | None = None
        due = time.monotonic()
        while True:
            ending = self._stop.is_set()
            with self._lock:
                lines, self._lines = list(self._lines), deque()
                if self._left_out:
                    lines.append(f"{self._left_out} lines left out: they were not read in time")
                    self._left_out = 0
                newest = self._newest
            if newest is not None and newest is not said and (ending or time.monotonic() >= due):
                lines.append(status_line(newest))
                said = newest
                due = time.monotonic() + _PERIOD_S
            if lines:
                text = "".join(f"{line}\n" for line in lines)
                patience_s = _PATIENCE_S if ending else float("inf")
                if not self._outlet.write(text, patience_s=patience_s, stop=self._stop):
                    logger.warning("the last lines of the dashboard were not taken")
                    return
            if ending:
                return
            # `show` wakes for news alone: a line a second is due without any
            wait_s = _PERIOD_S / 4 if newest is None else due - time.monotonic()
            self._wake.wait(max(0.01, wait_s))
            self._wake.clear()


class News:
    """Which events and notices of a status have not been said yet."""

    def __init__(self) -> None:
        self._events: dict[str, str] = {}  # id to what was said of it
        self._notices: tuple[str, ...] = ()

    def of(self, status: Status) -> list[str]:
        lines = [
            f"{status.elapsed_s:8.1f} s  note  {words.printable(notice)}"
            for notice in added(self._notices, status.notices)
        ]
        self._notices = status.notices
        for event in status.events:
            line = event_line(event)
            before = self._events.get(event.id)
            if before is None or (event.revises and line != before):
                lines.append(line)
                self._events[event.id] = line
        while len(self._events) > _HELD_EVENTS:
            del self._events[next(iter(self._events))]
        return lines


def added(before: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    """What was appended, where the oldest may have gone: the longest overlap decides."""
    for kept in range(min(len(before), len(after)), 0, -1):
        if tuple(before[-kept:]) == tuple(after[:kept]):
            return after[kept:]
    return after


def status_line(status: Status) -> str:
    """`12.3 s  LIVE 30.0 fps  face ok  judged 92 percent  flagged 3  rejected 5  …`"""
    capture = status.capture
    state = words.source_state(status)
    if capture.state in (CameraState.LOST, CameraState.FROZEN):
        state = f"{state} ({words.age(capture)}; reconnecting)"
    elif status.paused:
        state = f"{state} ({words.PAUSED.upper()})"
    parts = [f"{status.elapsed_s:8.1f} s", f"{state} {capture.measured_fps:.1f} fps"]
    parts += [f"faces {status.faces}"] if status.faces > 1 else []
    parts += [_face(status), words.share_judged(status.counts.seconds)]
    parts += [f"flagged {status.micro_count}", f"rejected {status.rejected_count}"]
    parts.append(f"target {status.alarms_per_minute:g} false alarms a minute")
    parts.append(words.sensitivity(status) or words.sensitivity_unknown(status))
    if status.left_s is not None:
        parts.append(f"{words.span(status.left_s)} left")
    parts += [text for text, count in _faults(status) if count]
    parts.append(f"| {engine(status)}")
    if status.recording not in (RecordingState.OFF, RecordingState.IDLE):
        parts.append(f"| recorder {words.recording(status)}")
    return in_words("  ".join(parts))


def _face(status: Status) -> str:
    """`face ok`, or what to do about it, or about its signal."""
    if status.assessable is not Assessable.YES:
        return advice(status.assessable, live=status.live)
    poor = "" if status.quality is None else sentence(status.quality, live=status.live)
    return f"face ok, but {poor}" if poor else "face ok"


def _faults(status: Status) -> tuple[tuple[str, float], ...]:
    """What is said only where there is any of it."""
    capture, dropped = status.capture, status.counts.frames.dropped
    return (
        (f"lost {100 * capture.loss:.1f} %", round(capture.loss, 3)),
        (f"undecodable frames {capture.undecodable}", capture.undecodable),
        (f"refused frames {capture.refused}", capture.refused),
        (f"reconnects {capture.reconnects}", capture.reconnects),
        (f"dropped {dropped}", dropped),
    )


def engine(status: Status) -> str:
    """Backend of the engine, without the hash of its weights; its state unless it is ready."""
    if status.engine_state is EngineState.NONE:
        return "engine none: MOTION ONLY"
    name = words.printable(status.engine).split(" ")[0]
    ready = status.engine_state is EngineState.READY
    return f"engine {name}" + ("" if ready else f" {words.engine_state(status)}")


def event_line(event: Event) -> str:
    """Verdict and reason first, as they are heard first."""
    verdict: str = "flagged as micro-expression" if event.kind == "micro" else event.kind
    if event.classification is not None:
        verdict += f", probability {words.micro_probability(event)}"
    if event.reasons:
        verdict += f": {words.reasons(event)}"
    parts = [
        f"{event.flagged_s:8.1f} s",
        f"{'REVISED' if event.revises else 'EVENT'} {words.printable(event.id)}",
        verdict,
    ]
    if event.action_units:
        parts.append(words.action_units(event))
    if event.classification is not None:
        label = f"class {event.label} {words.probability(event)}"
        parts.append(f"{label}, not trained on real micro-expressions")
    parts += [
        f"onset {event.onset_s:.3f} s",
        f"apex {event.apex_s:.3f} s",
        f"{words.duration(event)} ms",
        f"patch {words.motion(event)} % IOD",
        f"face {event.face}",
    ]
    return in_words("  ".join(parts))


def in_words(line: str) -> str:
    """A screen reader says a word, and may leave out a sign."""
    return line.replace(" %", " percent")
