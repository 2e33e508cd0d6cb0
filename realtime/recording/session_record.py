"""`session.json` as one typed record: what was run, on what, how it ended and what came of it.

Written at the start and again at the end by `SessionFolder`; read by `open_session`.  A record
without `ended` is of a program that runs still or was killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from realtime.consent.entry import Consent
from realtime.errors import DataError
from realtime.status import Counts


class SessionEnd(Enum):
    """Why a session ended."""

    SOURCE_ENDED = "the source ended"
    TIME_UP = "the time was up"
    STOPPED = "stopped by the user"
    WITHDRAWN = "consent withdrawn"
    FAILED = "failed"


class SessionOutcome(Enum):
    """How a session ended, for the table of a batch."""

    DONE = "done"
    STOPPED = "stopped"  # before its source ended
    FAILED = "failed"  # by an error, or killed
    NOT_JUDGED = "not judged"  # it ran to its end, and no second of it could be judged


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Clock(_Part):
    """One moment on both clocks."""

    wall_s: float
    monotonic_ns: int


class End(_Part):
    wall_s: float
    monotonic_ns: int
    reason: SessionEnd
    error: str | None = None  # what the program said, where it failed


class SessionRecord(_Part):
    schema_: Annotated[Literal[2], Field(alias="schema")]
    program: str
    source: str  # in words, without secrets
    engine: str  # which engine and weights, or "motion only"
    start_time: float  # of a file's first frame on its own time line, s; 0 of a live source
    participant: str = ""  # whose face it is; "": not given
    condition: str = ""  # of the experiment; "": not given
    clock: Clock  # at the start
    purpose: str | None = None  # None: not said
    consent: Consent | None = None  # None: of a film or the demo, which need none
    redacted: Literal["none", "mouth", "brows", "mesh"] | None = None  # what stays of pictures
    settings: Mapping[str, Any]
    packages: Mapping[str, str]  # versions
    python: str
    platform: str
    ended: End | None = None
    counts: Counts | None = None

    @property
    def outcome(self) -> SessionOutcome:
        if self.ended is None or self.counts is None or self.ended.reason is SessionEnd.FAILED:
            return SessionOutcome.FAILED
        if self.ended.reason in (SessionEnd.STOPPED, SessionEnd.WITHDRAWN):
            return SessionOutcome.STOPPED
        return SessionOutcome.DONE if self.counts.seconds.judged > 0 else SessionOutcome.NOT_JUDGED

    def to_json(self) -> bytes:
        return (self.model_dump_json(indent=2, by_alias=True) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> SessionRecord:
        """Raises DataError, which names the field, if it is no record of a session."""
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DataError(f"not a session record ({where}: {first['msg']})") from None
