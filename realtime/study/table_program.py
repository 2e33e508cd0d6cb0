"""`fleeting table`: a study's tables and their codebooks, written."""

from __future__ import annotations

import sys
from pathlib import Path

from realtime.export.safe_text import counted, one_line
from realtime.study.study import open_study
from realtime.study.table import tables
from realtime.study.table_files import paths_of, write_tables


def write_study(folder: Path, out: Path, *, force: bool = False) -> None:
    """Write the tables of a study, and say what they hold and what could not be read.

    Raises:
        SettingsError: the suffix of `out` names no format.
        DataError: it is no study, or a file that is there is not of this program.
        RecordingError: a file cannot be written.
    """
    paths_of(out, ())
    study = open_study(folder)
    made = tables(study)
    paths = write_tables(out, made, force=force)
    for path, table in zip(paths, made, strict=True):
        sys.stdout.write(f"{one_line(str(path))}: {counted(len(table.frame), table.name[:-1])}\n")
    for trouble in study.all_troubles():
        sys.stderr.write(f"fleeting: {one_line(trouble)}; it is left out\n")
