"""What a table for statistics is made of: columns that know their name, meaning and value.

A column is a number, a count or text, and is so in every format.  Text from outside is one line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from pandas import DataFrame

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class TableColumn(Generic[Row]):
    name: str
    kind: Literal["number", "count", "text"]
    text: str  # what it is
    of: Callable[[Row], Any]  # its value in a row; None: not known
    unit: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)  # of text with few values

    def values(self, rows: Sequence[Row]) -> list[Any]:
        nothing = math.nan if self.kind == "number" else ""
        return [nothing if (value := self.of(row)) is None else value for row in rows]


_TYPES = {"number": "float64", "count": "int64", "text": "str"}
_DECIMALS = 9  # of a number: finer than what is measured, without the digits of arithmetic


def frame(columns: Sequence[TableColumn[Row]], rows: Sequence[Row]) -> DataFrame:
    """A pandas table; what is not known is NaN in a column of numbers, and empty text."""
    import pandas as pd

    values = {c.name: pd.Series(c.values(rows), dtype=_TYPES[c.kind]) for c in columns}
    return pd.DataFrame(values).round(_DECIMALS)


def described(columns: Sequence[TableColumn[Any]]) -> dict[str, dict[str, Any]]:
    """The codebook of the columns in the form of a BIDS sidecar."""
    book: dict[str, dict[str, Any]] = {}
    for column in columns:
        book[column.name] = {"Description": column.text}
        if column.unit:
            book[column.name]["Units"] = column.unit
        if column.levels:
            book[column.name]["Levels"] = dict(column.levels)
    return book
