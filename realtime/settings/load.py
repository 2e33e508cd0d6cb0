"""Settings of a TOML file or a session.json, overruled by flags."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from realtime.errors import SettingsError
from realtime.limits import needed
from realtime.settings.fields import fields_of
from realtime.settings.tree import Settings

_MAX_FILE = 1_000_000  # bytes
_MAX_SHOWN = 60  # characters of a key or value in a message
_CHOICES = ("camera", "source", "demo")


def load_settings(file: Path | None, flags: Mapping[str, object]) -> Settings:
    """Settings of a file, overruled by flags named "section.field" (None: not given).

    A flag that chooses the source replaces every choice of a source in the file.  A file that
    ends in .json is read as a session's: its "settings" count.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown or out of bounds; each is
            named with what it got and what is allowed.
    """
    tree = {} if file is None else _read(file)
    unknown = list(_unknown(tree, Settings, ""))
    if unknown:
        raise SettingsError(f"{file}: " + "; ".join(unknown[:5]))
    given = {name: value for name, value in flags.items() if value is not None}
    if any(f"source.{choice}" in given for choice in _CHOICES):
        kept = tree.get("source", {})
        tree["source"] = {k: v for k, v in kept.items() if k not in _CHOICES}
        if "source.camera" in given:  # of its own pace
            tree["source"].pop("pace", None)
    for name, value in given.items():
        section, field = name.split(".")
        tree.setdefault(section, {})[field] = value
    try:
        return Settings.model_validate({"source": {}, **tree})
    except ValidationError as error:
        wrong = dict.fromkeys(_in_words(e) for e in error.errors())
        raise SettingsError("; ".join([*wrong][:5])) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_FILE + 1)
    except OSError as error:
        raise SettingsError(
            f"settings file {file} cannot be read: {error.strerror or error}"
        ) from error
    if len(content) > _MAX_FILE:
        raise SettingsError(f"settings file {file} is larger than settings can be")
    try:
        text = content.decode("utf-8-sig")  # an editor may put a byte-order mark before it
        tree = json.loads(text)["settings"] if file.suffix == ".json" else tomllib.loads(text)
    except KeyError:
        raise SettingsError(f"{file} is not the session.json of a session") from None
    except (ValueError, TypeError) as error:
        kind = "JSON" if file.suffix == ".json" else "TOML"
        raise SettingsError(f"{file} cannot be read as {kind}: {error}") from error
    except RecursionError:
        raise SettingsError(f"{file} is nested more deeply than settings are") from None
    if not isinstance(tree, dict):
        raise SettingsError(f"{file} is not the session.json of a session")
    return tree


def _unknown(tree: Mapping[str, Any], section: type, path: str) -> Iterator[str]:
    """A sentence for every key that is no setting, and for every section that is no table."""
    known = fields_of(section)
    for key, value in tree.items():
        name = f"{path}{_short(key)}"
        if key not in known:
            near = _nearest(key, section, path)
            yield f"there is no setting {name}" + (f"; did you mean {near}?" if near else "")
            continue
        inner = known[key].section
        if inner is None and isinstance(value, Mapping):
            yield f"{name} is one setting, not a table"
        elif inner is not None and not isinstance(value, Mapping):
            yield f"{name} is a table, [{name}], not {_short(repr(value))}"
        elif inner is not None:
            yield from _unknown(value, inner, f"{name}.")


def _nearest(key: str, section: type, path: str) -> str | None:
    """The setting that a mistyped key may mean, in the same section first."""
    here = difflib.get_close_matches(key[:_MAX_SHOWN], fields_of(section), 1)
    if here:
        return f"{path}{here[0]}"
    anywhere = {name.rpartition(".")[2]: name for name in _all_names(Settings, "")}
    found = difflib.get_close_matches(key[:_MAX_SHOWN], anywhere, 1)
    return anywhere[found[0]] if found else None


def _all_names(section: type, path: str) -> Iterator[str]:
    for name, field in fields_of(section).items():
        yield f"{path}{name}"
        if field.section is not None:
            yield from _all_names(field.section, f"{path}{name}.")


def _in_words(error: Any) -> str:
    """One sentence for an error of pydantic's: key, what it got, what is allowed."""
    names = []
    section: type | None = Settings
    for part in error["loc"]:
        if section is None or part not in fields_of(section):
            break  # what follows is a place inside a value
        names.append(str(part))
        section = fields_of(section)[part].section
    message = str(error["msg"]).removeprefix("Value error, ")
    if section is not None:  # a check of a whole section names what it is about
        return message
    if error["type"] == "literal_error":
        message = f"allowed is {error['ctx']['expected']}"
    elif error["type"] not in ("value_error", "assertion_error"):
        message = needed(error["type"], message)
    return f"{'.'.join(names)} = {_short(str(error['input']))}: {message}"


def _short(text: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text[: _MAX_SHOWN + 1])
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"
