"""Which videos are analysed, of whom, and where the sessions of each lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from realtime.errors import DataError
from realtime.recording.session_folder import RECORD
from realtime.settings.tree import one_name
from realtime.study.delimited import DelimitedRow, read_delimited

SUFFIXES = {
    *(".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".mts"),
    *(".m2ts", ".ts", ".mxf", ".ogv", ".3gp"),
}


def videos(folder: Path, output: Path | None = None) -> list[Path]:
    """Every video at or below a folder, by name.

    Left out are what this program wrote (sessions, and all below `output`), files that are being
    written (`.part`), and the second halves that macOS writes on foreign disks (`._NAME`).

    Raises:
        DataError: there is none, or the folder cannot be read.
    """
    skipped = None if output is None else output.resolve()
    found: list[Path] = []
    try:
        _collect(folder, skipped, found)
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from error
    if not found:
        raise DataError(f"{folder} holds no video ({', '.join(sorted(SUFFIXES))})")
    return sorted(found)


def _collect(folder: Path, skipped: Path | None, found: list[Path]) -> None:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            if entry.resolve() != skipped and not (entry / RECORD).exists():
                _collect(entry, skipped, found)
        elif is_video(entry) and entry.is_file():
            found.append(entry)


def is_video(path: PurePath) -> bool:
    """By its name."""
    written = ".part" in path.suffixes or path.stem.endswith(".part")
    return path.suffix.lower() in SUFFIXES and not written and not path.name.startswith("._")


@dataclass(frozen=True, slots=True)
class BatchFilm:
    path: Path
    name: str  # path below the folder or table that was given, and of its sessions below the output
    participant: str | None = None  # None: no table says
    condition: str | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """For `fleeting live`."""
        given = (("--participant", self.participant), ("--condition", self.condition))
        return tuple(f"{flag}={value}" for flag, value in given if value)


def films_of(given: Path, output: Path) -> list[BatchFilm]:
    """The videos of a folder, by name; or those of a table, in its order.

    A table has the columns file, participant and condition; a relative path is one from its own
    folder.

    Raises:
        DataError: there is no video, or the table names one that is not there.
    """
    if not given.is_file():
        found = videos(given, output)
        return [BatchFilm(video, video.relative_to(given).as_posix()) for video in found]
    films = [_film(row, given.parent) for row in read_delimited(given, ("file", "participant"))]
    seen: set[str] = set()
    for film in films:
        if film.name in seen:
            raise DataError(f"{given} names {film.name} twice")
        seen.add(film.name)
    if not films:
        raise DataError(f"{given} names no video")
    return films


def _film(row: DelimitedRow, base: Path) -> BatchFilm:
    path = base / row.cells["file"]
    if not path.is_file():
        raise DataError(f"{row.where}: there is no file {path}")
    inside = Path(os.path.abspath(path))
    root = Path(os.path.abspath(base))
    name = (
        inside.relative_to(root)
        if inside.is_relative_to(root)
        else inside.relative_to(inside.anchor)
    )
    try:
        whose = (one_name(row.cells["participant"]), one_name(row.cells.get("condition", "")))
    except ValueError as error:
        raise DataError(f"{row.where}: of a participant or condition {error}") from None
    return BatchFilm(path, name.as_posix(), *whose)
