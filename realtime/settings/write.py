"""A settings file with every key: its value, what it means and what it may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from realtime.atomic_file import write_whole
from realtime.errors import SettingsError
from realtime.settings.fields import fields_of
from realtime.settings.tree import Settings

_HEAD = """\
# Settings of fleeting live; use them with --config FILE.  A flag overrules the file.
# A key in a comment is not set.
"""


def write_config(path: Path, settings: Settings) -> None:
    """Write the settings as TOML with a comment for every key; whole or not at all.

    Raises:
        SettingsError: there is such a file already.
        RecordingError: it cannot be written.
    """
    if path.exists():
        raise SettingsError(f"--write-config {path}: there is such a file; name another")
    write_whole(path, to_toml(settings).encode())


def to_toml(settings: Settings) -> str:
    return _HEAD + "\n".join(_lines(settings, "")) + "\n"


def _lines(section: Any, path: str) -> Iterator[str]:
    inner = []
    if path:
        yield f"\n[{path}]"
    kind: type = type(section)
    for name, field in fields_of(kind).items():
        value = getattr(section, name)
        if field.section is not None:
            inner.append((value, f"{path}.{name}" if path else name))
            continue
        assert field.limits is not None
        allowed = field.limits.allowed or _choices(kind, name)
        yield f"# {field.limits.text}" + (f"; {allowed}" if allowed else "")
        yield f"# {name} =" if value is None else f"{name} = {_toml(value)}"
    for value, where in inner:
        yield from _lines(value, where)


def _choices(section: type, name: str) -> str:
    hint = get_type_hints(section)[name]
    is_choice = getattr(hint, "__origin__", None) is Literal
    return " or ".join(json.dumps(choice) for choice in get_args(hint)) if is_choice else ""


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(str(value), ensure_ascii=False)  # a TOML basic string escapes as JSON does
