"""The face landmark model: downloaded once, checked always.

Google publishes `face_landmarker.task` under Apache-2.0; it is pinned here by its hash, kept in
the user's cache and never loaded unchecked.  `fleeting face-model` obtains it.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from realtime.errors import FaceModelError
from realtime.user_folders import cache_folder

logger = logging.getLogger(__name__)

SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
_NAME = "face_landmarker.task"


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
    if cached is None:
        from realtime.face.model_download import obtain  # what fetches takes long to load

        cached = obtain(_NAME, SHA256)
    return cached


def _check(content: bytes, origin: str) -> None:
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise FaceModelError(
            f"the face model from {origin} is not the pinned one (SHA-256 {SHA256[:12]}…)"
        )
