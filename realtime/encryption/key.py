"""The user's key: 32 random bytes, in a file of its owner's alone or in the system's keyring."""

from __future__ import annotations

import base64
import binascii
import secrets
import sys
from pathlib import Path
from typing import Any

from realtime.atomic_file import write_whole
from realtime.encryption.sealed_file import INSTALL, KEY_BYTES
from realtime.errors import SettingsError

KEYRING = Path("keyring")

_SERVICE, _NAME = "fleeting", "sessions"
_MAX_FILE = 1_000  # bytes
_MAKE = "make one: fleeting new-key {}"


def read_key(place: Path, advice: str | None = None) -> bytes:
    """The key of a file, or of the keyring where `place` is `KEYRING`.

    Args:
        advice: what to do where it is not there; None: make one.

    Raises:
        SettingsError: it is not there or is no key.
    """
    if place == KEYRING:
        text = _keyring().get_password(_SERVICE, _NAME)
        if text is None:
            raise SettingsError(f"the keyring holds no key; {advice or _MAKE.format(place)}")
    else:
        try:
            with place.open("rb") as file:
                text = file.read(_MAX_FILE).decode("ascii", "replace")
        except FileNotFoundError:
            raise SettingsError(
                f"there is no key {place}; {advice or _MAKE.format(place)}"
            ) from None
        except OSError as error:
            raise SettingsError(f"key {place} cannot be read: {error.strerror}") from error
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{place} holds no key of fleeting; {advice or _MAKE.format('FILE')}")
    return key


def make_key(place: Path) -> None:
    """Make a new key where there is none, and say what it means to lose it.

    Raises:
        SettingsError: there is one already, or the keyring is not there.
        RecordingError: the file cannot be written.
    """
    text = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    if place == KEYRING:
        if _keyring().get_password(_SERVICE, _NAME) is not None:
            raise SettingsError("the keyring holds a key already; it is left as it is")
        _keyring().set_password(_SERVICE, _NAME, text)
    elif place.exists():
        raise SettingsError(f"{place} is there already; it is left as it is")
    else:
        write_whole(place, f"{text}\n".encode())
    sys.stdout.write("keep a copy elsewhere: without this key nothing can be read again\n")


def _keyring() -> Any:
    try:
        import keyring
    except ImportError as error:
        raise SettingsError(f"{INSTALL} ({error})") from error
    return keyring
