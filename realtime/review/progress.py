"""How far work is that may take more than two seconds: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")

_EVERY_S = 2.0  # between two lines; what is done before the first needs none


def tracked(
    items: Sequence[T],
    what: str = "reading the sessions",
    *,
    stream: TextIO | None = None,
    now_s: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """The items; how many are done is shown on standard error.

    Args:
        stream: another place to show it.
        now_s: the clock.
    """
    stream = stream or sys.stderr
    console = Console(file=stream)
    if console.is_terminal:
        yield from track(items, what, console=console, transient=True)
        return
    said_s = now_s()
    for done, item in enumerate(items):
        if now_s() - said_s >= _EVERY_S:
            said_s = now_s()
            stream.write(f"{what}: {done} of {len(items)}\n")
            stream.flush()
        yield item
