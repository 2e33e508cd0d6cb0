"""One way to show that something takes a while: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def progress(items: Iterable[T], what: str, total: float | None = None) -> Iterable[T]:
    """The items, with a bar named `what` that goes away when they are through."""
    console = Console(stderr=True)
    return track(
        items, what, total=total, transient=True, console=console, disable=not console.is_terminal
    )
