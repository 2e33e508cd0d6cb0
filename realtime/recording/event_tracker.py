"""Findings become events: numbered, classified, written down, recorded.

A flag submits the pair to the engine and opens a clip.  Its line is written when the class is
known, or without it when the engine takes too long; what is known later is a line that revises.
A revision that moves onset or apex is classified again, and its stills are replaced.  In
a file analysed as fast as possible the engine is waited for, so that a run gives the same lines
every time.

Called from the analysis thread only.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.capture.held_frame import Frame
from realtime.engine.process import Answered, EngineProcess
from realtime.event import NOT_CONFIRMED, Event
from realtime.recording.event_log import EventLog
from realtime.recording.recorder import Recorder
from realtime.spotting.face_spotter import FaceFinding
from realtime.spotting.spotter import Finding

_KEPT = 200  # newest flagged and rejected events each; every one is in events.jsonl
_REMEMBER_NS = 5_000_000_000  # a finding is not revised later than this


@dataclass(slots=True)
class _Open:
    """An event that may still change."""

    event: Event
    finding: Finding
    apex_crop: NDArray[np.uint8]
    ticket: int = 0  # of the pair submitted last
    submitted_s: float | None = None  # monotonic seconds when it was; None: no answer is awaited
    changed: bool = True  # it is not as its last line says
    written: bool = False  # a line of it is


class EventTracker:
    """The events of one run.

    Args:
        engine: None for motion only.
        log, recorder: None when nothing is recorded.
        announce: called with every line too, and the source time of the first frame in ns.
        clips_of_all: rejected movements get a clip too.
        wait: wait for the engine, however long it takes.
        answer_s: otherwise write an event without its class after this.
    """

    def __init__(
        self,
        *,
        engine: EngineProcess | None,
        log: EventLog | None,
        recorder: Recorder | None,
        wait: bool,
        answer_s: float,
        announce: Callable[[Event, int], None] | None = None,
        clips_of_all: bool = False,
    ) -> None:
        self._engine = engine
        self._log = log
        self._recorder = recorder
        self._announce = announce
        self._clips_of_all = clips_of_all
        self._wait = wait
        self._answer_s = answer_s
        self._open: dict[tuple[int, int], _Open] = {}  # by face and finding number
        self._count = self._tickets = 0
        self.start_ns = 0  # source time of the first frame
        self._flagged: dict[str, Event] = {}  # by id; flagged and not retracted
        self._rejected: deque[Event] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()
        self.changes = 0  # lines so far, so that a caller sees a change
        self._newest: tuple[int, tuple[Event, ...]] = (0, ())  # at so many changes
        self.engine_ms: list[float] = []  # since the caller last emptied it

    def keep_nothing(self) -> None:
        """From now on events are counted and shown, and neither written nor sent."""
        self._log = self._recorder = self._announce = None

    def counts(self) -> Counter[str]:
        """Events by kind."""
        return +self._counts  # a copy without zeros

    def newest(self) -> tuple[Event, ...]:
        """The last `_KEPT` flagged and rejected events each, as last revised, oldest first."""
        if self._newest[0] != self.changes:
            kept = [*self._rejected, *self._flagged.values()]
            self._newest = self.changes, tuple(sorted(kept, key=_number))
        return self._newest[1]

    def record(self, found: FaceFinding, now: Frame) -> None:
        """A finding of this frame: new, or a revision of an earlier one."""
        finding = found.finding
        key = (found.face_id, finding.number)
        if finding.revises:
            self._revise(key, found)
            return
        self._count += 1
        event = self._event(f"{self._count:04d}", found, now)
        if self._recorder is not None and (finding.kind == "micro" or self._clips_of_all):
            clip = self._recorder.record(
                event.id, finding.onset_ns, finding.apex_ns, finding.offset_ns
            )
            event = replace(event, clip=clip)
        if finding.kind != "micro":
            self._write(event)
            return
        before = self._open.pop(key, None)  # of a face that was lost and is back
        if before is not None and before.changed:
            self._settle(before, None)
        entry = self._open[key] = _Open(event, finding, found.apex_crop)
        self._classify(entry, found)

    def mark_unconfirmed(self, face_id: int, number: int) -> None:
        """The second stage of a flagged finding will not come: frames or its face were missing."""
        entry = self._open.get((face_id, number))
        if entry is None or entry.event.kind != "micro":
            return
        marked = (*entry.event.confounders, NOT_CONFIRMED)
        entry.event, entry.changed = replace(entry.event, confounders=marked), True
        if entry.written:
            self._write_line(entry)

    def collect_answers(self, now_ns: int) -> None:
        """Take the engine's answers; write what has waited long enough."""
        if self._engine is not None:
            for answered in self._engine.poll():
                for entry in self._open.values():
                    if entry.ticket == answered.ticket and entry.submitted_s is not None:
                        self._settle(entry, answered)
        for key, entry in list(self._open.items()):
            late = (
                entry.submitted_s is not None
                and time.monotonic() - entry.submitted_s > self._answer_s
            )
            if late and entry.changed:
                self._write_line(entry)
            if now_ns - entry.finding.apex_ns > _REMEMBER_NS:
                if entry.changed:
                    self._settle(entry, None)
                del self._open[key]

    def close(self) -> None:
        """Write whatever still waits for the engine, which gets its usual time to answer."""
        for entry in self._open.values():
            if entry.submitted_s is not None and self._engine is not None:
                answer_s = max(self._answer_s, 0.5)
                self._settle(entry, self._engine.wait(entry.ticket, answer_s))

    def _classify(self, entry: _Open, found: FaceFinding) -> None:
        """Submit the pair of a flag; its line waits for the answer."""
        self._tickets += 1
        entry.ticket = self._tickets
        submitted = (
            self._engine is not None
            and found.pair is not None
            and self._engine.submit(entry.ticket, found.pair)
        )
        if self._engine is None or not submitted:
            self._settle(entry, None)
        elif self._wait:
            self._settle(entry, self._engine.wait(entry.ticket, for_load=True))
        else:
            entry.submitted_s = time.monotonic()

    def _settle(self, entry: _Open, answered: Answered | None) -> None:
        """The engine has answered, or will not: stills and the event's line."""
        entry.submitted_s = None
        displacement = None
        event = entry.event
        if answered is not None:
            displacement = answered.displacement
            event = replace(
                event,
                classification=answered.classification,
                action_units=answered.action_units,
            )
            if answered.failure is None:
                self.engine_ms.append(answered.took_ms)
        if self._recorder is not None and not event.stills:
            onset_ns, apex_ns = entry.finding.onset_ns, entry.finding.apex_ns
            paths = self._recorder.save_stills(
                event.id, onset_ns, apex_ns, entry.apex_crop, displacement
            )
            event = replace(event, stills=paths)
        entry.event = event
        self._write_line(entry)

    def _revise(self, key: tuple[int, int], found: FaceFinding) -> None:
        entry = self._open.get(key)
        if entry is None:
            return
        before, finding = entry.finding, found.finding
        entry.event, entry.changed = replace(entry.event, **self._facts(found)), True
        moved = (before.onset_ns, before.apex_ns) != (finding.onset_ns, finding.apex_ns)
        if finding.kind == "micro" and moved:
            unknown = replace(entry.event, classification=None, action_units=(), stills=())
            entry.event = unknown
            entry.finding, entry.apex_crop = finding, found.apex_crop
            self._classify(entry, found)
        elif entry.written:
            self._write_line(entry)

    def _write_line(self, entry: _Open) -> None:
        entry.event = replace(entry.event, revises=entry.written)
        entry.written, entry.changed = True, False
        self._write(entry.event)

    def _event(self, number: str, found: FaceFinding, now: Frame) -> Event:
        return Event(
            id=number,
            face=found.face_id,
            flagged_s=self._seconds(now.t_ns),
            **self._facts(found),
        )

    def _facts(self, found: FaceFinding) -> dict[str, Any]:
        """The fields of an event that a finding sets, and a revision replaces."""
        finding = found.finding
        return {
            "onset_s": self._seconds(finding.onset_ns),
            "apex_s": self._seconds(finding.apex_ns),
            "offset_s": self._seconds(finding.offset_ns),
            "onset_frame": found.onset_frame,
            "apex_frame": found.apex_frame,
            "offset_frame": found.offset_frame,
            "kind": finding.kind,
            "face_box": found.face_box,
            "peak_motion_iod": finding.peak_motion_iod,
            "peak_sigma": finding.peak_sigma,
            "regions": finding.regions,
            "probability": finding.probability,
            "confounders": finding.confounders,
        }

    def _write(self, event: Event) -> None:
        if self._log is not None:
            self._log.append(event)
        if self._announce is not None:
            self._announce(event, self.start_ns)
        before = self._flagged.pop(event.id, None)
        if before is not None:
            self._counts[before.kind] -= 1
        if event.kind == "rejected":
            self._rejected.append(event)
        else:
            self._flagged[event.id] = event
            if len(self._flagged) > _KEPT:
                del self._flagged[next(iter(self._flagged))]
        self._counts[event.kind] += 1
        self.changes += 1

    def _seconds(self, t_ns: int) -> float:
        return (t_ns - self.start_ns) / 1e9


def _number(event: Event) -> int:
    return int(event.id)
