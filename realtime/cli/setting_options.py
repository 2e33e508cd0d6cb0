"""Options that overrule a setting: what they mean, their bounds and defaults are the setting's."""

from __future__ import annotations

from typing import Any

import typer

from realtime.cli.options import help_text
from realtime.settings.fields import field_of


def setting(name: str, *names: str, panel: str, metavar: str | None = None) -> Any:
    """Metadata of an option that overrules the setting "section.field", which checks it."""
    field = field_of(name)
    assert field.limits is not None
    return typer.Option(
        *names,
        help=help_text(field.limits, _shown(field.default)),
        rich_help_panel=panel,
        metavar=metavar,
    )


def _shown(default: Any) -> str:
    if default is None or isinstance(default, bool):
        return ""  # not given
    if isinstance(default, tuple):
        return "x".join(str(part) for part in default)
    return f"{default:g}" if isinstance(default, float) else str(default)
