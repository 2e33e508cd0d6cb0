"""`participants.tsv` at the root of a study, as BIDS has it: a row for each participant.

The columns participant_id, condition and notes are ours; the laboratory's own columns and their
order are kept.  Written by a batch that was given a table of films, read by `open_study`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from realtime.atomic_file import write_whole
from realtime.errors import DataError

NAME = "participants.tsv"
NOT_GIVEN = "n/a"
_ID, _CONDITION = "participant_id", "condition"
_COLUMNS = (_ID, _CONDITION, "notes")


@dataclass(frozen=True, slots=True)
class Participants:
    """The rows of the table, by participant_id, in order; a cell by the name of its column."""

    columns: tuple[str, ...] = _COLUMNS
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def condition(self, participant: str) -> str:
        """ "" where it is not given."""
        said = self.rows.get(participant, {}).get(_CONDITION, NOT_GIVEN)
        return "" if said == NOT_GIVEN else said


def read_participants(study: Path) -> Participants:
    """The table in the folder of a study; an empty one where there is none.

    Raises:
        DataError: it is no such table; the message names the line.
    """
    path = study / NAME
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return Participants()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    header, *lines = (
        line.removesuffix("\r").split("\t") for line in text.rstrip("\r\n").split("\n")
    )
    if _ID not in header or len(set(header)) < len(header):
        raise DataError(f"{path} needs a first line of different columns, {_ID} among them")
    rows: dict[str, dict[str, str]] = {}
    for number, cells in enumerate(lines, start=2):
        if len(cells) != len(header):
            raise DataError(f"{path} line {number} has {len(cells)} cells, not {len(header)}")
        row = dict(zip(header, cells, strict=True))
        if row[_ID] in rows:
            raise DataError(f"{path} line {number}: {row[_ID]!r} has a row already")
        rows[row[_ID]] = row
    return Participants(tuple(header), rows)


def add_participants(study: Path, named: Iterable[tuple[str | None, str | None]]) -> None:
    """Add a row for each participant that has none; what stands in the table is kept.

    Args:
        named: participant and condition of each film; a participant of several conditions gets
            none in the table.

    Raises:
        DataError: what is there is no such table; nothing is written.
        RecordingError: it cannot be written; it is as it was.
    """
    conditions: dict[str, set[str]] = {}
    for participant, condition in named:
        if participant:
            conditions.setdefault(participant, set()).add(condition or NOT_GIVEN)
    known = read_participants(study)
    added = [name for name in conditions if name not in known.rows]
    if not added:
        return
    path = study / NAME
    before = (
        path.read_bytes()
        if known.rows or path.is_file()
        else b"\t".join(name.encode() for name in known.columns)
    )
    end = b"\r\n" if b"\r\n" in before else b"\n"
    lines = [before.rstrip(b"\r\n")]
    for name in added:
        of = conditions[name]
        cells = {_ID: name, _CONDITION: of.pop() if len(of) == 1 else NOT_GIVEN}
        lines.append("\t".join(cells.get(c, NOT_GIVEN) for c in known.columns).encode())
    write_whole(path, end.join([*lines, b""]))
