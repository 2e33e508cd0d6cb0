"""Which events are exported: those that are flagged, the others, or all (`--only`)."""

from __future__ import annotations

from typing import Literal

from realtime.event import Event

Only = Literal["flagged", "rejected", "all"]


def is_chosen(event: Event, only: Only) -> bool:
    """By the verdict that the event has now."""
    return only == "all" or (event.kind == "micro") == (only == "flagged")
