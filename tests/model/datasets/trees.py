"""Invented datasets on disk, in the layouts of the field.  Called by the tests of the loaders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook


def pictures(folder: Path, names: Iterable[str]) -> None:
    """Empty files under these names: loaders list pictures and do not open them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
