"""With what the sessions were made: settings that differ from the default, and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime.recording.session_record import SessionRecord
from realtime.settings.fields import fields_of
from realtime.settings.tree import Settings

_ALWAYS = ("spotter.alarms_per_minute", "source.fps", "source.analyse_every", "face.tracker")
_OWN = ("source.source", "source.camera", "source.demo", "recorder.output")  # of each session


@dataclass(frozen=True, slots=True)
class RunFact:
    name: str
    value: str
    sessions: int  # in which it holds


def settings_of(records: Sequence[SessionRecord]) -> list[RunFact]:
    """Those that differ from the default, and those that a reader looks for."""
    defaults = dict(_flat_defaults(Settings))
    counts = Counter(
        (name, str(value))
        for record in records
        for name, value in _flat(record.settings)
        if name not in _OWN and (name in _ALWAYS or str(value) != str(defaults.get(name)))
    )
    return _facts(counts)


def versions_of(records: Sequence[SessionRecord]) -> list[RunFact]:
    """Program, engine, libraries, Python and operating system."""
    counts: Counter[tuple[str, str]] = Counter()
    for record in records:
        counts["program", record.program] += 1
        counts["engine", record.engine] += 1
        counts.update((name, version) for name, version in record.packages.items())
        counts["python", record.python] += 1
        counts["platform", record.platform] += 1
    return [RunFact(*key, count) for key, count in counts.items()]


def _facts(counts: Counter[tuple[str, str]]) -> list[RunFact]:
    return [RunFact(*key, count) for key, count in sorted(counts.items())]


def _flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", tuple(value) if isinstance(value, list) else value


def _flat_defaults(section: type, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in fields_of(section).items():
        if field.section is not None:
            yield from _flat_defaults(field.section, f"{path}{name}.")
        else:
            yield f"{path}{name}", field.default
