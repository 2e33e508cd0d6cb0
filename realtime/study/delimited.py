"""Rows of a table as laboratories write it: a spreadsheet's CSV of any country, or tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from realtime.errors import DataError

_MOST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class DelimitedRow:
    where: str  # file and line, for messages
    cells: Mapping[str, str]  # by the name of the column in small letters, without blanks around
    decimal_comma: bool  # a number may have one: cells are not separated by commas


def read_delimited(path: Path, needed: tuple[str, ...]) -> Iterator[DelimitedRow]:
    """The rows that hold anything, in order.  Commas, semicolons or tabs separate cells.

    Raises:
        DataError: it cannot be read, or lacks a column that is needed.
    """
    text = bytes_of(path).decode("utf-8-sig", "replace")
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    try:
        names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        if not set(needed) <= set(names):
            raise DataError(f"{path} needs the columns {', '.join(needed)}")
        for row in reader:
            cells = {name: (row[column] or "").strip() for name, column in names.items()}
            if any(cells.values()):
                yield DelimitedRow(f"{path} line {reader.line_num}", cells, delimiter != ",")
    except csv.Error as error:
        raise DataError(f"{path} line {reader.line_num}: {error}") from error


def bytes_of(path: Path) -> bytes:
    """A whole file that a person made.  Raises DataError: it cannot be read, or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise DataError(f"{path} is larger than a table or annotations can be")
    return data
