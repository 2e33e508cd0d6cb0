"""Which files of a folder are videos to analyse, and where the sessions of each lie."""

from __future__ import annotations

from pathlib import Path

from realtime.errors import DataError
from realtime.recording.session_folder import RECORD

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
        elif _is_video(entry) and entry.is_file():
            found.append(entry)


def _is_video(path: Path) -> bool:
    written = ".part" in path.suffixes or path.stem.endswith(".part")
    return path.suffix.lower() in SUFFIXES and not written and not path.name.startswith("._")


def output_of(video: Path, folder: Path, output: Path) -> Path:
    """The folder of one video's sessions: its own path, below the output folder."""
    return output / video.relative_to(folder)
