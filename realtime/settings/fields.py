"""What a section of the settings holds: names, limits and defaults, for those who read or show it.

A section is a pydantic model or, for the stages of the analysis, a plain frozen dataclass.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from realtime.limits import Limits
from realtime.settings.tree import Settings


@dataclass(frozen=True, slots=True)
class SettingField:
    section: type | None  # the type of a section; None: a value
    limits: Limits | None  # of a value
    default: Any  # of a value; None for a section


@cache
def fields_of(section: type) -> dict[str, SettingField]:
    """Every field of a section by its name, in the order they are written."""
    hints = get_type_hints(section, include_extras=True)
    if issubclass(section, BaseModel):
        defaults = {name: field.default for name, field in section.model_fields.items()}
    else:
        assert dataclasses.is_dataclass(section)
        defaults = {field.name: field.default for field in dataclasses.fields(section)}
    return {name: _field(hints[name], default) for name, default in defaults.items()}


def field_of(name: str) -> SettingField:
    """The field of a dotted name such as "spotter.onset.top"."""
    section: type = Settings
    *path, last = name.split(".")
    for part in path:
        inner = fields_of(section)[part].section
        assert inner is not None, name
        section = inner
    return fields_of(section)[last]


def _field(hint: Any, default: Any) -> SettingField:
    if get_origin(hint) is Annotated:
        limits = next((m for m in get_args(hint)[1:] if isinstance(m, Limits)), None)
        missing = default in (PydanticUndefined, dataclasses.MISSING)
        return SettingField(None, limits, None if missing else default)
    return SettingField(hint, None, None)
