"""The answers of one coder to one queue: kept at once, undone, never given unseen.

An answer counts only for a clip that was sent: it carries the ticket that came with the clip.  It
also says which earlier answer it replaces, so that of two tabs none overwrites what it did not see.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from realtime.errors import DataError
from realtime.event import Event
from realtime.recording.labels import (
    CoderAnswer,
    Emotion,
    Label,
    LabelFile,
    LabelUnit,
    coder_name,
    now_utc,
)
from realtime.study.queue import QueueItem
from realtime.study.study import StudySession

_MOST_UNITS = 40


class AnswerRefused(Exception):
    """The message says why, and what to do."""


class AnswerForm(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ticket: str
    replaces: str  # `answered_at` of the answer that the page knows; "": of none
    answer: CoderAnswer
    onset_s: FiniteFloat
    apex_s: FiniteFloat
    offset_s: FiniteFloat
    emotion: Emotion = ""
    units: tuple[LabelUnit, ...] = Field((), max_length=_MOST_UNITS)
    confidence: int | None = Field(None, ge=1, le=5)
    comment: str = Field("", max_length=2000)


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """One item of the queue, and whose it is."""

    of: StudySession
    item: QueueItem

    @property
    def event(self) -> Event | None:
        """None: of a stretch without one."""
        return next((e for e in self.of.session.events if e.id == self.item.item), None)


class ReviewDesk:
    """Safe to call from several threads.

    Raises:
        SettingsError, DataError, RecordingError: as `LabelFile`.
    """

    def __init__(self, coder: str, tasks: Sequence[ReviewTask]) -> None:
        self.coder = coder_name(coder)
        self.tasks = tuple(tasks)
        self._lock = threading.Lock()
        self._tickets: dict[str, int] = {}
        self._before: dict[int, list[Label | None]] = {}  # what each answer of this run replaced
        self._files = {
            task.of.name: LabelFile(task.of.session.folder, coder) for task in self.tasks
        }

    @property
    def troubles(self) -> tuple[str, ...]:
        return tuple(line for file in self._files.values() for line in file.troubles)

    def label(self, number: int) -> Label | None:
        """The answer that counts."""
        task = self.tasks[number]
        return self._files[task.of.name].labels.get(task.item.item)

    def ticket(self, number: int) -> str:
        """For a clip that is sent now."""
        with self._lock:
            ticket = secrets.token_urlsafe(9)
            self._tickets[ticket] = number
            return ticket

    def answer(self, number: int, form: AnswerForm) -> Label:
        """Keep an answer; it is on the disk when the call returns.

        Raises:
            AnswerRefused: its clip was not sent, or another answer came in between.
            DataError: onset, apex and offset are not in this order.
            RecordingError: it could not be written; what was answered before stands.
        """
        task = self.tasks[number]
        with self._lock:
            if self._tickets.get(form.ticket) != number:
                raise AnswerRefused("not stored: the clip of this item was not shown")
            before = self.label(number)
            self._check_known(before, form.replaces)
            label = _label(self.coder, task, form, before)
            self._files[task.of.name].append(label)
            self._before.setdefault(number, []).append(before)
            return label

    def undo(self, number: int, replaces: str) -> Label | None:
        """Take the answer back; returns the one before it, which counts again.

        Raises:
            AnswerRefused: another answer came in between.
            RecordingError: it could not be written; the answer stands.
        """
        task = self.tasks[number]
        with self._lock:
            self._check_known(self.label(number), replaces)
            earlier = self._before.get(number) or [None]
            file = self._files[task.of.name]
            if earlier[-1] is None:
                file.remove(task.item.item)
            else:
                file.append(earlier[-1])
            return earlier.pop()

    def _check_known(self, label: Label | None, replaces: str) -> None:
        if replaces != ("" if label is None else label.answered_at):
            raise AnswerRefused("not stored: it was answered in another window; look at that first")


def _label(coder: str, task: ReviewTask, form: AnswerForm, before: Label | None) -> Label:
    micro = form.answer is CoderAnswer.MICRO
    try:
        return Label(
            coder=coder,
            item=task.item.item,
            stratum=task.item.stratum,
            answer=form.answer,
            onset_s=form.onset_s if micro else None,
            apex_s=form.apex_s if micro else None,
            offset_s=form.offset_s if micro else None,
            emotion=form.emotion if micro else "",
            units=form.units if micro else (),
            confidence=form.confidence,
            comment=form.comment,
            answered_at=now_utc(after="" if before is None else before.answered_at),
        )
    except ValueError as error:
        raise DataError(str(error)) from error
