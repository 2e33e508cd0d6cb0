"""Answers of the people who coded a session: `labels/CODER.jsonl`, one line an answer.

Written by the review and by the import of hand coding, read by whatever needs a person's word.  A
line is appended in one write and synced, never rewritten: the last line of an item counts.  Each
coder has a file, so two people never write the same one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter, ValidationError

from realtime.errors import DataError, RecordingError, SettingsError
from realtime.event import Side
from realtime.recording.session_folder import SessionFolder

FOLDER = "labels"
SCHEMA = 1

Stratum = Literal["flagged", "rejected", "random", "imported"]
Emotion = Literal["negative", "positive", "surprise", ""]
Intensity = Literal["A", "B", "C", "D", "E", ""]
Item = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]

_SUFFIX = ".jsonl"
_CODER = re.compile(r"[^\W_][\w-]{0,39}")
# Names of devices on Windows; the program itself stands beside the coders in every comparison.
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|com\d|lpt\d|program)")


class CoderAnswer(Enum):
    """Whether an item is a micro-expression."""

    MICRO = "micro"
    NONE = "none"
    UNSURE = "unsure"


WHOLE_FILM = "imported-0000"  # no movement: says that hand coding is of the whole film


class LabelUnit(NamedTuple):
    """An action unit (FACS) that a coder saw."""

    unit: Annotated[str, Field(pattern=r"^[0-9+]{1,8}$")]
    side: Side  # of the person
    intensity: Intensity  # "": not given


@dataclass(frozen=True, slots=True)
class Label:
    """One coder's answer to one item.  Seconds are those of the session's time base.

    Raises:
        ValueError: onset, apex and offset are not in this order.
    """

    coder: str
    item: Item  # id of the event, or of a stretch without one: random-0007, imported-0007
    stratum: Stratum
    answer: CoderAnswer
    onset_s: FiniteFloat | None = None  # None: not given
    apex_s: FiniteFloat | None = None
    offset_s: FiniteFloat | None = None
    emotion: Emotion = ""  # "": not given
    units: tuple[LabelUnit, ...] = ()
    confidence: Annotated[int, Field(ge=1, le=5)] | None = None  # 1 guessed, 5 certain
    comment: Annotated[str, Field(max_length=2000)] = ""
    answered_at: str = ""  # UTC, ISO 8601

    def __post_init__(self) -> None:
        times = [t for t in (self.onset_s, self.apex_s, self.offset_s) if t is not None]
        if any(later < earlier for earlier, later in pairwise(times)):
            raise ValueError("onset, apex and offset are not in this order")

    @property
    def is_answer(self) -> bool:
        return self.item != WHOLE_FILM

    @property
    def word(self) -> str:
        """The answer in one word: the class of a micro-expression, where it was given."""
        classed = self.answer is CoderAnswer.MICRO and self.emotion
        return self.emotion if classed else self.answer.value


def coder_name(name: str) -> str:
    """A coder's name in its normal form, which is safe as a file name.

    Raises:
        SettingsError: it cannot be one; the message says what can.
    """
    normal = unicodedata.normalize("NFC", name.strip())
    if not _CODER.fullmatch(normal) or _RESERVED.fullmatch(normal):
        raise SettingsError(
            f"{name!r} cannot be a coder's name: up to 40 letters, digits, - and _, "
            "a letter or digit first, and not the word program"
        )
    return normal


def now_utc(after: str = "") -> str:
    """For `answered_at`; later than `after`, the one that is replaced, whatever the clock says."""
    now = datetime.now(UTC)
    if after:
        now = max(now, datetime.fromisoformat(after) + timedelta(milliseconds=1))
    return now.isoformat(timespec="milliseconds")


class _Version(BaseModel):
    schema_: Literal[1] = Field(alias="schema")


class _Removal(BaseModel):
    item: Item
    removed: Literal[True]


_ENTRY: TypeAdapter[_Removal | Label] = TypeAdapter(_Removal | Label)
_LABEL = TypeAdapter(Label)


class LabelFile:
    """One coder's answers in one session; every change is on the disk when the call returns.

    Attributes:
        coder: the name in its normal form.
        labels: the answer that counts, by item, the latest last.
        troubles: what could not be read, a sentence each.

    Raises:
        SettingsError: the name cannot be a coder's.
        DataError: there is a file, and it cannot be read.
        RecordingError: a link stands in its place.
    """

    def __init__(self, session_folder: Path, coder: str) -> None:
        self.coder = coder_name(coder)
        self.labels: dict[str, Label] = {}
        self.troubles: list[str] = []
        self._files = SessionFolder(session_folder.resolve())
        self._name = f"{FOLDER}/{self.coder}{_SUFFIX}"
        self._torn = False
        self._read()

    def append(self, *labels: Label) -> None:
        """Write answers, all of them in one write.

        Raises:
            DataError: one holds what an answer cannot; nothing is written.
            RecordingError: they could not be written; the file is as it was.
        """
        own = [replace(label, coder=self.coder) for label in labels]
        self._write(map(_line_of, own))
        for label in own:
            self.labels.pop(label.item, None)
            self.labels[label.item] = label

    def remove(self, *items: str) -> None:
        """Take answers back; an item without one is left out.

        Raises:
            RecordingError: it could not be written; the file is as it was.
        """
        there = [item for item in items if item in self.labels]
        self._write(json.dumps({"schema": SCHEMA, "item": item, "removed": True}) for item in there)
        for item in there:
            del self.labels[item]

    def _write(self, lines: Iterable[str]) -> None:
        text = "\n".join(lines)
        if not text:
            return
        folder = self._files.path(FOLDER)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise RecordingError(f"{folder} cannot be made: {error.strerror}") from error
        # what a kill left of a line must not swallow the next one
        if not self._files.append_line(self._name, f"\n{text}" if self._torn else text):
            raise RecordingError(f"the answer is not kept: {self._files.trouble}")
        self._torn = False

    def _read(self) -> None:
        path = self._files.path(self._name)
        try:
            *lines, rest = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        for number, line in enumerate(lines, start=1):
            if line:
                self._take(line, number)
        if rest:
            self._torn = True
            self.troubles.append(f"{self._name}: its last line was never finished")

    def _take(self, line: bytes, number: int) -> None:
        try:
            _Version.model_validate_json(line)
            entry = _ENTRY.validate_json(line)
        except ValidationError as error:
            self.troubles.append(f"{self._name} line {number} is no answer ({_in_words(error)})")
            return
        self.labels.pop(entry.item, None)
        if isinstance(entry, Label):
            self.labels[entry.item] = replace(entry, coder=self.coder)


def read_labels(
    session_folder: Path, troubles: list[str] | None = None
) -> dict[str, tuple[Label, ...]]:
    """The answers in a session that count, by coder, in the order of the coders' names.

    Args:
        troubles: gets a sentence for what could not be read.

    Raises:
        DataError, RecordingError: a file cannot be read.
    """
    found = {}
    try:
        names = sorted(path.stem for path in (session_folder / FOLDER).glob(f"*{_SUFFIX}"))
    except OSError as error:
        raise DataError(f"{session_folder / FOLDER} cannot be read: {error.strerror}") from error
    for name in names:
        try:
            file = LabelFile(session_folder, name)
        except SettingsError as error:
            if troubles is not None:
                troubles.append(f"{FOLDER}: {error}")
            continue
        if troubles is not None:
            troubles += file.troubles
        found[file.coder] = tuple(file.labels.values())
    return found


def _line_of(label: Label) -> str:
    try:
        record = _LABEL.dump_python(label, mode="json", warnings="error")
        text = json.dumps({"schema": SCHEMA, **record}, allow_nan=False)
        _LABEL.validate_json(text)
    except ValidationError as error:
        raise DataError(f"not an answer ({_in_words(error)})") from None
    except ValueError as error:
        raise DataError(f"not an answer ({error})") from None
    return text


def _in_words(error: ValidationError) -> str:
    """Of several ways to read an entry the last is the one that was meant: an answer."""
    last = error.errors(include_url=False, include_input=False)[-1]
    names = [str(part) for part in last["loc"] if part not in ("_Removal", "Label")]
    return ": ".join([*names[:1], last["msg"]])
