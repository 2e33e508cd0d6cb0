"""Which dashboard is shown where; opened by the program, fed by the pipeline."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Literal, Protocol, Self, TextIO

from realtime.dashboard.key_table import KeyCommand
from realtime.errors import SettingsError
from realtime.status import Status

DashboardKind = Literal["auto", "live", "plain", "none"]


class Dashboard(Protocol):
    """A context manager; leaving the block gives the terminal back within a few seconds."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def show(self, status: Status) -> None:
        """Show the newest status.  Returns at once, even if the terminal is blocked."""

    def commands(self) -> tuple[KeyCommand, ...]:
        """Commands from the keyboard since the last call, in order."""


class NoDashboard:
    """Shows nothing and takes no keys."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, status: Status) -> None:
        return

    def commands(self) -> tuple[KeyCommand, ...]:
        return ()


def open_dashboard(
    kind: DashboardKind, *, stream: TextIO | None = None, keys: bool = True
) -> Dashboard:
    """The dashboard for `stream` (standard output if None).

    `auto` is live on a terminal that can draw it, else plain.  `keys` reads the keyboard,
    if standard input is a terminal.

    Raises:
        SettingsError: `live` was requested, and the stream cannot show it.
    """
    if kind == "none":
        return NoDashboard()
    # here, since they load what draws: a tenth of a start
    from realtime.dashboard.live_dashboard import LiveDashboard, can_draw
    from realtime.dashboard.plain import PlainDashboard

    out = sys.stdout if stream is None else stream
    match kind:
        case "plain":
            return PlainDashboard(out, keys=keys)
        case "auto":
            return (
                LiveDashboard(out, keys=keys) if can_draw(out) else PlainDashboard(out, keys=keys)
            )
        case "live":
            if not can_draw(out):
                raise SettingsError(
                    "the live dashboard needs a UTF-8 terminal that understands escape codes; "
                    "use --dashboard plain"
                )
            return LiveDashboard(out, keys=keys)
