"""One line of the doctor: what was looked at, what was found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CheckResult(Enum):
    """In the words that are shown."""

    OK = "ok"
    SLOWER = "works slower"
    LESS = "finds less"  # the camera or its light
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """Args: needed: without it nothing can be analysed."""

    what: str
    found: str
    result: CheckResult = CheckResult.OK
    advice: str = ""
    needed: bool = False
