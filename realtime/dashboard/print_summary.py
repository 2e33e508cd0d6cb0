"""The end of a run on standard output, whatever that is by then."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from rich.console import Console, RenderableType

from realtime.outlet import Outlet

_PATIENCE_S = 0.5  # to a terminal that takes nothing

_log = logging.getLogger(__name__)


def print_summary(parts: Sequence[RenderableType]) -> None:
    """Print the end of a run; a reader that is gone, or a halted terminal, does not delay it."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    try:
        outlet = Outlet(sys.stdout)
        outlet.write(captured.get(), patience_s=_PATIENCE_S)
        outlet.close()
    except OSError as error:
        _log.info("nobody reads the summary: %s", error)
