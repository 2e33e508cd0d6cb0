"""Options whose help states unit, bounds and default, and whose bounds are checked in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from realtime.limits import Limits

OneSession = Annotated[Path, typer.Argument(metavar="SESSION", help="a folder below sessions/")]


def option(
    limits: Limits | str,
    *names: str,
    panel: str | None = None,
    default: str | None = None,
    metavar: str | None = None,
) -> Any:
    """Metadata of an option for `typing.Annotated`.

    Args:
        limits: what it is and its bounds, or the words alone.
        names: as it is written, where the parameter's name is not right.
        panel: heading it is listed under.
        default: in words, where the parameter's own default does not say it.
        metavar: shown for its value.
    """
    given = Limits(limits) if isinstance(limits, str) else limits
    return typer.Option(
        *names,
        help=help_text(given, default or ""),
        rich_help_panel=panel,
        show_default=default is None,
        metavar=metavar,
        callback=_checked(given) if given.allowed else None,
    )


def help_text(limits: Limits, default: str) -> str:
    """Meaning, bounds and default of an option, as rich markup."""
    text = f"{limits.text} ({limits.allowed})" if limits.allowed else limits.text
    return escape(text) + (rf" [dim]\[default: {escape(default)}][/dim]" if default else "")


def _checked(limits: Limits) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        try:
            limits.check(value)
        except ValueError as error:
            raise typer.BadParameter(f"{value}; {error}") from None
        return value

    return check
