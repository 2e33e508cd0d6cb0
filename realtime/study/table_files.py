"""Tables of a study as files for R, pandas, spreadsheets and SPSS, each with its codebook."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from realtime.atomic_file import write_whole
from realtime.errors import DataError, SettingsError
from realtime.export.safe_text import csv_cell, one_line
from realtime.study.table import StudyTable

if TYPE_CHECKING:
    from pandas import DataFrame

_TOOL = "MeasurementToolMetadata"  # of BIDS: by what the values were taken
_OURS = {"Description": "fleeting table"}
_FIRST = "events"
_MOST_NAME_BYTES = 64  # of a variable of SPSS
_MOST_LABEL = 250  # characters


def paths_of(out: Path, names: Sequence[str]) -> list[Path]:
    """Where each table goes: P_events.csv, P_sessions.csv; of study.csv study_sessions.csv.

    Raises:
        SettingsError: the suffix names no format.
    """
    if out.suffix.lower() not in _WRITERS:
        raise SettingsError(f"--out {out}: the format is one of {', '.join(_WRITERS)}")
    stem = out.stem if out.stem.endswith(_FIRST) else f"{out.stem}_{_FIRST}"
    others = [out.with_name(f"{stem.removesuffix(_FIRST)}{n}{out.suffix}") for n in names[1:]]
    return [out, *others]


def write_tables(out: Path, tables: Sequence[StudyTable], *, force: bool = False) -> list[Path]:
    """Write every table and, with the suffix .json, its codebook; each whole or not at all.

    Args:
        force: in the place of files that this program did not write, too.

    Returns:
        The paths of the tables.

    Raises:
        SettingsError: the suffix names no format.
        DataError: a file that is there is not of this program; nothing is written.
        RecordingError: they cannot be written.
    """
    paths = paths_of(out, [table.name for table in tables])
    if not force:
        for path in paths:
            _check_ours(path)
    for path, table in zip(paths, tables, strict=True):
        write_whole(path, _WRITERS[path.suffix.lower()](table))
        book = table.codebook | {_TOOL: _OURS}
        write_whole(path.with_suffix(".json"), (json.dumps(book, indent=2) + "\n").encode())
    return paths


def _check_ours(path: Path) -> None:
    """A table is ours if the codebook beside it says so."""
    sidecar = path.with_suffix(".json")
    if not (path.exists() or sidecar.exists()):
        return
    try:
        book = json.loads(sidecar.read_bytes())
        ours = isinstance(book, dict) and book.get(_TOOL) == _OURS
    except (OSError, ValueError):
        ours = False
    if not ours:
        there = path if path.exists() else sidecar
        raise DataError(f"{there} was not written by fleeting table; --force replaces it")


def _csv(table: StudyTable) -> bytes:
    text: str = _with_text(table.frame, csv_cell).to_csv(index=False, lineterminator="\n")
    return text.encode("utf-8", "replace")


def _xlsx(table: StudyTable) -> bytes:
    data = io.BytesIO()
    _with_text(table.frame, csv_cell).to_excel(data, sheet_name=table.name, index=False)
    return data.getvalue()


def _parquet(table: StudyTable) -> bytes:
    data = io.BytesIO()
    _with_text(table.frame, one_line).to_parquet(data, index=False)
    return data.getvalue()


def _sav(table: StudyTable) -> bytes:
    import pyreadstat

    frame = _with_text(table.frame, one_line)
    labels = [table.codebook[name]["Description"][:_MOST_LABEL] for name in frame.columns]
    frame.columns = _variables(frame.columns)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.sav"
        pyreadstat.write_sav(frame, str(path), column_labels=labels)
        return path.read_bytes()


def _variables(names: Sequence[str]) -> list[str]:
    """Names that SPSS takes: letters, digits and _, no two alike without regard to case."""
    taken: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:_MOST_NAME_BYTES]
        plain = plain if plain[:1].isalpha() else f"v_{plain}"[:_MOST_NAME_BYTES]
        number, one = 1, plain
        while one.lower() in taken:
            number += 1
            one = f"{plain[: _MOST_NAME_BYTES - 4]}_{number}"
        taken[one.lower()] = one
    return list(taken.values())


def _with_text(frame: DataFrame, safe: Callable[[str], str]) -> DataFrame:
    """The table with every text cell and name of a column made safe."""
    import pandas as pd

    made = {
        safe(name): values.map(safe) if pd.api.types.is_string_dtype(values.dtype) else values
        for name, values in frame.items()
    }
    return pd.DataFrame(made)


_WRITERS: Mapping[str, Callable[[StudyTable], bytes]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
    ".sav": _sav,
}
