"""A folder by its address: a path, or `s3://`, `gs://`, `sftp://` and whatever else fsspec knows.

A machine of a cluster works on copies; what it made is written back, a session's record last, so
that a session is whole there once its record is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from realtime.errors import DataError, RecordingError
from realtime.extras import install_command
from realtime.recording.session_folder import RECORD

_SEPARATOR = "://"
_KEPT_AWAY = {"clips", "stills"}  # of a session, which are not needed to read it


def is_remote(address: str) -> bool:
    """Whether an address names another machine's folder, not a path."""
    return _SEPARATOR in address


@dataclass(frozen=True, slots=True)
class RemoteFile:
    name: str  # path below the folder
    size: int  # bytes
    modified_s: float  # since 1970; 0 where it is not known


class RemoteFolder:
    """Args: address: with user and password in it, where they are needed.

    Raises:
        DataError: fsspec, or what it needs for this kind of address, is not here; or the folder
            cannot be reached.
    """

    def __init__(self, address: str) -> None:
        self.shown = _without_password(address)
        try:
            import fsspec
        except ImportError as error:
            raise DataError(f"{self.shown} needs fsspec: {install_command('cluster')}") from error
        with _told(self.shown):
            self._system, self._root = fsspec.core.url_to_fs(address)

    def files(self) -> list[RemoteFile]:
        """Every file at or below it, by name."""
        with _told(self.shown):
            found: dict[str, dict[str, Any]] = self._system.find(self._root, detail=True)
        files = (
            RemoteFile(
                PurePosixPath(path).relative_to(PurePosixPath(self._root)).as_posix(),
                int(about.get("size") or 0),
                _seconds(about),
            )
            for path, about in found.items()
        )
        return sorted(files, key=lambda file: file.name)

    def fetch(self, file: RemoteFile, target: Path) -> None:
        """Copy a file here, with its time of modification."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with _told(f"{self.shown}/{file.name}"):
            self._system.get_file(f"{self._root}/{file.name}", str(target))
        os.utime(target, (file.modified_s, file.modified_s))

    def fetch_records(self, name: str, target: Path) -> None:
        """Copy what is written of a video, without its pictures."""
        for file in self.files():
            parts = set(PurePosixPath(file.name).parts)
            if file.name.startswith(f"{name}/") and not _KEPT_AWAY & parts:
                self.fetch(file, target / file.name)

    def put(self, local: Path, names: Iterable[str]) -> None:
        """Write files of a local folder back, the records of sessions last.

        Raises:
            RecordingError: they cannot be written.
        """
        for name in sorted(names, key=lambda name: (PurePosixPath(name).name == RECORD, name)):
            try:
                target = f"{self._root}/{name}"
                self._system.makedirs(PurePosixPath(target).parent.as_posix(), exist_ok=True)
                self._system.put_file(str(local / name), target)
            except Exception as error:  # each file system has errors of its own
                raise RecordingError(f"{self.shown}/{name} cannot be written: {error}") from error


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # each file system has errors of its own
        raise DataError(f"{what} cannot be read: {type(error).__name__}: {error}") from error


def _seconds(about: dict[str, Any]) -> float:
    when = about.get("mtime") or about.get("LastModified") or about.get("updated") or 0.0
    return float(when.timestamp() if hasattr(when, "timestamp") else when)


def _without_password(address: str) -> str:
    scheme, _, rest = address.partition(_SEPARATOR)
    return f"{scheme}{_SEPARATOR}{rest.rpartition('@')[2]}".rstrip("/")
