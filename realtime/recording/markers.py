"""`markers.jsonl`: moments of a session that somebody marked, one line each, never rewritten.

Made by a key, by an LSL stream or by a line over the loopback port; all on the session's clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from realtime.errors import DataError

NAME = "markers.jsonl"
SCHEMA = 1

Origin = Literal["key", "lsl", "port"]


@dataclass(frozen=True, slots=True)
class Marker:
    t_s: float  # on the time line of the source; below 0 before its first frame
    label: str = ""  # one line; "": none was given
    origin: Origin = "key"

    def to_json(self) -> str:
        """The marker as one line without its newline."""
        record = {
            "schema": SCHEMA,
            "t_s": round(self.t_s, 6),
            "label": self.label,
            "origin": self.origin,
        }
        return json.dumps(record, allow_nan=False)

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Raises DataError, which names the field, if the line is not a marker."""
        try:
            record = _Line.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = "".join(f"{part}: " for part in first["loc"][:1])
            raise DataError(f"not a marker ({where}{first['msg']})") from None
        return cls(record.t_s, record.label, record.origin)


def read_markers(folder: Path, troubles: list[str]) -> Iterator[Marker]:
    """Every marker of a session in the order of writing; what is damaged is told in `troubles`.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        *lines, _ = (folder / NAME).read_bytes().split(b"\n")  # behind the last newline: torn
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(f"{folder / NAME} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield Marker.from_json(line)
        except DataError as error:
            troubles.append(f"{NAME} line {number}: {error}")


class _Line(BaseModel):
    """A line of the file; sessions of earlier versions have times alone."""

    model_config = ConfigDict(frozen=True, strict=True)

    schema_: Literal[1] = Field(alias="schema")
    t_s: FiniteFloat
    label: str = ""
    origin: Origin = "key"
