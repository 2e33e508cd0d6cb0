"""What a setting means and which values it takes, written beside the field that holds it.

One `Limits` serves everything that reads or shows the field: pydantic checks a value against it
wherever settings are loaded, `--help` and the comments of a settings file are its text.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_NEEDED = {
    "bool": "true or false is needed",
    "int": "a whole number is needed",
    "float": "a number is needed",
    "finite": "a number is needed",
    "string": "text is needed",
    "path": "a path is needed",
    "tuple": "two numbers in brackets are needed",
    "too": "two numbers in brackets are needed",
    "missing": "two numbers in brackets are needed",
}


def needed(error_type: str, message: str) -> str:
    """What a value of another type should have been, by pydantic's name of the error.

    Args:
        message: is returned for an error that has no plainer words.
    """
    return _NEEDED.get(error_type.split("_")[0], message)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Metadata for `typing.Annotated`; the bounds hold for a number and for each of several.

    Args:
        text: what the field is, with its unit.
        low: smallest value; None: the field is no number.
        high: largest value; None: any that is finite.
        above: `low` itself is excluded.
    """

    text: str
    low: float | None = None
    high: float | None = None
    above: bool = False

    @property
    def allowed(self) -> str:
        """The bounds in words; "" where there are none."""
        if self.low is None:
            return ""
        if self.high is None:
            return f"more than {_plain(self.low)}" if self.above else f"{_plain(self.low)} or more"
        if self.above:
            return f"more than {_plain(self.low)}, at most {_plain(self.high)}"
        return f"{_plain(self.low)} to {_plain(self.high)}"

    def check(self, value: Any) -> None:
        """Raise ValueError for a number out of bounds; anything else passes."""
        if self.low is None or value is None:
            return
        for number in value if isinstance(value, tuple) else (value,):
            below = number <= self.low if self.above else number < self.low
            beyond = self.high is not None and number > self.high
            if not math.isfinite(number) or below or beyond:
                raise ValueError(f"allowed is {self.allowed}")

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema  # here: the stages themselves need no pydantic

        return core_schema.no_info_wrap_validator_function(self._validated, handler(source))

    def _validated(self, value: Any, inner: Callable[[Any], Any]) -> Any:
        if self.low is not None and isinstance(value, bool):
            raise ValueError("a number is needed")  # Python would count true as 1
        checked = inner(value)
        self.check(checked)
        return checked
