"""The one way to open a clip or a still, encrypted or not.

The key is the one that the environment variable FLEETING_KEY names, or else the one that the
session was recorded with, if it is still in its place.  The key itself is never kept in a session.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.encryption.key import read_key
from realtime.encryption.sealed_file import MAGIC, unsealed
from realtime.errors import DataError, SettingsError

_VARIABLE = "FLEETING_KEY"  # a file, or the word keyring
_RECORD = "session.json"


def open_media(path: Path) -> IO[bytes]:
    """A clip or still as a file that can be read and sought in.

    Raises:
        OSError: it cannot be opened.
        DataError: it is encrypted, and the key is not there, not the right one, or it was changed.
    """
    file = path.open("rb")
    try:
        return decrypted(file, path)
    except BaseException:
        file.close()
        raise


def decrypted(file: IO[bytes], path: Path) -> IO[bytes]:
    """An open file itself or, if it is sealed, what is in it; `file` is closed then.

    Raises DataError as `open_media` does.
    """
    head = file.read(len(MAGIC))
    if head != MAGIC:
        file.seek(0)
        return file
    with file:
        data = head + file.read()
    try:
        plain = unsealed(data, key_of(path), unfinished=".part" in path.name)
    except (DataError, SettingsError) as error:
        raise DataError(f"{path.name} is encrypted: {error}") from error
    return io.BytesIO(plain)


def is_sealed(path: Path) -> bool:
    """Raises OSError: it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_still(path: Path) -> NDArray[np.uint8] | None:
    """A picture as BGR (h, w, 3); None: it is none, or not there.  Raises DataError as above."""
    try:
        with open_media(path) as file:
            data = np.frombuffer(file.read(), np.uint8)
    except OSError:
        return None
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    return None if image is None else np.asarray(image, np.uint8)


def key_of(path: Path) -> bytes:
    """The key of a file in SESSION/clips or SESSION/stills.

    Raises:
        SettingsError: it is not known, or not there.
    """
    named = os.environ.get(_VARIABLE)
    if not named:
        try:
            record = json.loads((path.parents[1] / _RECORD).read_bytes())
            named = record["settings"]["recorder"]["key"]
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            named = None
    if not isinstance(named, str):
        raise SettingsError(f"say in {_VARIABLE} where its key is")
    return read_key(Path(named), f"put it back, or say in {_VARIABLE} where it is")
