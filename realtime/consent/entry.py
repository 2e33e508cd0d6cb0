"""A consent entry: who, when, what for, until when, and what becomes of a session on withdrawal.

Read from the TOML file of `--consent FILE`, which has a `[[consent]]` table for each person, or one
for all of a study.  The entry that covers a run is copied into its session.json.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from realtime.errors import SettingsError

EVERYONE = "all"  # as `who`: all participants of the study
_MAX_FILE = 1_000_000  # bytes
_TABLE = "consent"
_FORM = 'who, given, what_for, until, on_withdrawal = "keep" or "forget"'

Words = Annotated[str, Field(min_length=1, max_length=500)]


class OnWithdrawal(Enum):
    """What becomes of the session so far when consent is withdrawn while it runs."""

    KEEP = "keep"
    FORGET = "forget"


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Consent(BaseModel):
    """One entry.  `who` holds codes of participants; names are not needed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: Annotated[tuple[Words, ...], BeforeValidator(_several), Field(min_length=1)]
    given: date
    what_for: Words
    until: date  # the last day on which what was recorded may be there
    on_withdrawal: OnWithdrawal

    def covers(self, participant: str) -> bool:
        """Whether it is of this participant; "" is the one of a file with one entry."""
        return not participant or participant in self.who or EVERYONE in self.who


def consent_of(file: Path, participant: str, today: date) -> Consent:
    """The entry of a file that covers a participant and is valid today.

    Raises:
        SettingsError: the file cannot be read or is no consent file, no entry or more than one
            covers the participant, or that entry has not begun or has run out.
    """
    covering = [entry for entry in _read(file) if entry.covers(participant)]
    whose = f"participant {participant}" if participant else "this person"
    if not covering:
        raise SettingsError(f"{file} has no consent entry of {whose}")
    if len(covering) > 1:
        what = "leave the one that is valid" if participant else "say whose with --participant"
        raise SettingsError(f"{file} has {len(covering)} entries of {whose}: {what}")
    (entry,) = covering
    check_valid(entry, today, str(file))
    # the codes of others have no place in this person's session
    return entry.model_copy(update={"who": (participant,)}) if participant else entry


def check_valid(entry: Consent, today: date, where: str) -> None:
    """Raises SettingsError for an entry that has not begun, has run out, or never holds."""
    if entry.until < entry.given:
        raise SettingsError(f"{where}: until {entry.until} is before given {entry.given}")
    if today < entry.given:
        raise SettingsError(f"{where}: this consent is given on {entry.given}, which is to come")
    if today > entry.until:
        raise SettingsError(f"{where}: this consent ran out on {entry.until}; ask again")


def _read(file: Path) -> Sequence[Consent]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_FILE + 1)
    except OSError as error:
        raise SettingsError(f"consent file {file} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_FILE:
        raise SettingsError(f"consent file {file} is larger than one can be")
    try:
        tree: Any = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"consent file {file} cannot be read as TOML: {error}") from error
    tables = tree.get(_TABLE)
    if not isinstance(tables, list) or not tables or len(tree) > 1:
        raise SettingsError(f"{file} is no consent file: it needs tables [[{_TABLE}]] with {_FORM}")
    try:
        return [Consent.model_validate(table) for table in tables]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{file}: {key}: {first['msg']}; an entry has {_FORM}") from None
