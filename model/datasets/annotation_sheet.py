"""Annotation sheets and frame folders of the field, read as tolerantly as they were written.

Called by the loaders.  Copies of one dataset differ in preamble, column names, padding of
numbers and depth of folders; nothing here counts on a position, a name's case or a sort order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd

from model.datasets.record import CodedUnit, LoadReport, Side
from realtime.errors import DataError

_FRAME = re.compile(r"(\d+)\.(?:jpe?g|png|bmp)$", re.IGNORECASE)

# Column names as seen in circulating copies, normalised (lower case, single spaces).
ALIASES: dict[str, tuple[str, ...]] = {
    "subject": ("subject", "sub", "sub_id"),
    "clip": ("filename", "fold_name", "count", "video"),
    "onset": ("onsetframe", "onset frame", "onset", "onsetf", "onsetf nir"),
    "apex": ("apexframe", "apex frame", "apex", "apexf1", "apexf", "apexf nir"),
    "offset": ("offsetframe", "offset frame", "offset", "offsetf", "offsetf nir"),
    "units": ("action units", "au", "aus"),
    "emotion": ("estimated emotion", "emotion"),
    "objective": ("objective classes", "objective class"),
    "kind": ("micro", "type", "expression type"),
    "notes": ("notes", "remarks"),
    "fps": ("fps",),
    "first": ("firstf",),
}

_EMOTIONS = {
    "happy": "happiness",
    "happyiness": "happiness",
    "sad": "sadness",
    "other": "others",
    "surprised": "surprise",
}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7}
_UNIT = re.compile(r"(?<![0-9A-Za-z])([LRAT]|A/L)?(\d{1,2})([A-E](?:/[A-E])?)?(?![0-9])")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a sheet: canonical name -> text, "" where the cell or the column is missing."""

    where: str  # file and line, as a spreadsheet counts them
    cells: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


def read_sheet(path: Path, sheet: str | int = 0, first_header: str = "subject") -> list[SheetRow]:
    """Rows below the header, which is the first row with `first_header`'s alias in it.

    Columns without a known name keep their own (normalised).  Rows that are wholly blank are
    left out.  Raises DataError when the file or its header cannot be read.
    """
    table = read_cells(path, sheet)
    wanted = set(ALIASES.get(first_header, (first_header,)))
    headers = [i for i, line in enumerate(table) if {_plain(cell) for cell in line} & wanted]
    if not headers:
        raise DataError(f"{path} has no row with a {first_header!r} column")
    start = headers[0]
    names = [_canonical(cell) for cell in table[start]]
    rows = []
    for number, line in enumerate(table[start + 1 :], start=start + 2):
        cells: dict[str, str] = {}
        for name, cell in zip(names, line, strict=True):
            if name and cell:
                cells.setdefault(name, cell)
        if cells:
            rows.append(SheetRow(f"{path.name} row {number}", cells))
    return rows


def read_cells(path: Path, sheet: str | int = 0) -> list[list[str]]:
    """All cells of a sheet as text (.xlsx, .xls or .csv), so that 0101 stays 0101."""
    try:
        if path.suffix.lower() == ".csv":
            frame = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
        else:
            frame = pd.read_excel(
                path, sheet_name=sheet, header=None, dtype=str, keep_default_na=False
            )
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise DataError(f"{path} cannot be read as a sheet: {error}") from error
    return [["" if cell is None else str(cell).strip() for cell in line] for line in frame.values]


def _plain(cell: str) -> str:
    return " ".join(cell.lower().split())


def _canonical(cell: str) -> str:
    plain = _plain(cell)
    for name, aliases in ALIASES.items():
        if plain in aliases:
            return name
    return plain


def frames_in(folder: Path) -> dict[int, Path]:
    """Pictures of a folder by the last run of digits before their ending, ascending."""
    found = {
        int(match[1]): path
        for path in folder.iterdir()
        if (match := _FRAME.search(path.name)) and path.is_file()
    }
    return dict(sorted(found.items()))


def find_folder(root: Path, *names: str, depth: int = 2) -> Path | None:
    """The first folder at or below `root` (archives unzip doubled) with one of the names.

    Names are compared without case; earlier names win over shallower places.
    """
    for name in names:
        for folder in folders_below(root, depth):
            if folder.name.lower() == name.lower():
                inner = folder / folder.name
                return inner if inner.is_dir() else folder
    return None


def find_file(root: Path, *patterns: str, depth: int = 2) -> Path | None:
    """The first file at or below `root` that matches a pattern of a shell, without case."""
    for pattern in patterns:
        for folder in folders_below(root, depth):
            for path in sorted(folder.iterdir()):
                if path.is_file() and fnmatch(path.name.lower(), pattern.lower()):
                    return path
    return None


def folders_below(root: Path, depth: int = 2) -> Iterator[Path]:
    """`root` and the folders below it, level by level."""
    level: Iterable[Path] = [root]
    for _ in range(depth + 1):
        level = list(level)
        yield from level
        level = [child for folder in level for child in sorted(folder.iterdir()) if child.is_dir()]


def folder_below(folder: Path | None, *names: str) -> Path | None:
    """The sub-folder of that name, and so on downwards, without regard to case."""
    for name in names:
        if folder is None:
            return None
        alike = (c for c in folder.iterdir() if c.is_dir() and c.name.lower() == name.lower())
        folder = folder / name if (folder / name).is_dir() else next(alike, None)
    return folder


def subject_id(text: str) -> str:
    """ "sub01", "s1", "006" and "6" by their number; text without one as it is."""
    digits = re.search(r"\d+", text)
    return str(int(digits[0])) if digits else text.strip().lower()


def frame_number(text: str) -> int | None:
    """A cell as a frame number, fractions rounded half up; None for "/", blanks and words."""
    try:
        return int(float(text) + 0.5) if float(text) >= 0 else None
    except ValueError:
        return None


def emotion(text: str) -> str:
    plain = _plain(text)
    return _EMOTIONS.get(plain, plain)


def objective_class(text: str) -> int | None:
    plain = _plain(text)
    if plain in _ROMAN:
        return _ROMAN[plain]
    return int(plain) if plain.isdigit() and 1 <= int(plain) <= 7 else None


def coded_units(text: str) -> tuple[CodedUnit, ...]:
    """Action units of a cell: "L12A+4", "(R6 or R12)+R15", "ref(7B)+43", "A/L12"; a set."""
    units: dict[tuple[int, str], CodedUnit] = {}
    for side, number, intensity in _UNIT.findall(text.replace("，", ",")):
        # A stands for asymmetric or upper as T for top: a side only with L or R.
        place: Side = "L" if side.endswith("L") else "R" if side == "R" else ""
        unit = CodedUnit(int(number), place, intensity)
        units.setdefault((unit.number, unit.side), unit)
    return tuple(units.values())


def check_frames(
    dataset: str,
    where: str,
    frames: Sequence[int] | dict[int, Path],
    wanted: dict[str, int | None],
    report: LoadReport,
) -> bool:
    """Whether every wanted frame (by its name, None is not wanted) is on the disk."""
    missing = [
        name for name, number in wanted.items() if number is not None and number not in frames
    ]
    if missing:
        report.skip(dataset, where, f"{' and '.join(missing)} not among the pictures")
    return not missing
