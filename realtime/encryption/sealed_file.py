"""A sealed file: chunks encrypted and authenticated one by one (STREAM, AES-256-GCM).

    head    32 bytes: b"FLTSEAL1", 8 bytes by which a wrong key is known, 16 random bytes
    chunk   4 bytes: length of what follows, big-endian; ciphertext and its tag of 16 bytes
    ...     the last chunk is marked as the last, and is empty

The key of a file is derived from the user's key and the random bytes (HKDF, SHA-256), so that no
pair of key and nonce comes twice.  The nonce is the chunk's number and whether it is the last: no
chunk can be changed, left out, moved or put into another file.  A file without its last chunk was
cut: by a kill, which is accepted where a file may be unfinished, or by somebody.
"""

from __future__ import annotations

import os
import secrets
import struct
from dataclasses import dataclass
from typing import Any

from realtime.errors import DataError, SettingsError

KEY_BYTES = 32
MAGIC = b"FLTSEAL1"

_CHECK, _SALT = 8, 16  # bytes
_HEAD = len(MAGIC) + _CHECK + _SALT
_MAX_CHUNK = 1_000_000  # bytes of plain text
_TAG = 16
_LENGTH = struct.Struct(">I")
INSTALL = 'encryption needs cryptography: pip install "fleeting[encryption]"'


@dataclass(frozen=True, slots=True)
class _Cipher:
    head: bytes
    gcm: Any

    @classmethod
    def of(cls, key: bytes, salt: bytes) -> _Cipher:
        """Raises SettingsError: the library is not there."""
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF
        except ImportError as error:
            raise SettingsError(f"{INSTALL} ({error})") from error
        derived = HKDF(SHA256(), KEY_BYTES + _CHECK, salt, b"fleeting sealed file").derive(key)
        return cls(MAGIC + derived[KEY_BYTES:] + salt, AESGCM(derived[:KEY_BYTES]))

    def nonce(self, number: int, *, last: bool) -> bytes:
        return struct.pack(">QI", number, last)

    def seal(self, number: int, data: bytes, *, last: bool = False) -> bytes:
        sealed: bytes = self.gcm.encrypt(self.nonce(number, last=last), data, self.head)
        return _LENGTH.pack(len(sealed)) + sealed


class SealWriter:
    """Seals what is written to a descriptor; each write is a chunk that is readable at once.

    Raises:
        OSError: the head cannot be written.
        SettingsError: the library is not there.
    """

    def __init__(self, descriptor: int, key: bytes) -> None:
        self._descriptor = descriptor
        self._cipher = _Cipher.of(key, secrets.token_bytes(_SALT))
        self.chunks = 0
        self._put(self._cipher.head)

    def write(self, data: bytes) -> None:
        """Raises OSError."""
        for start in range(0, len(data), _MAX_CHUNK):
            self._put(self._cipher.seal(self.chunks, data[start : start + _MAX_CHUNK]))
            self.chunks += 1

    def finish(self, chunks: int) -> None:
        """Write the last chunk after so many, where the file now ends.  Raises OSError."""
        self._put(self._cipher.seal(chunks, b"", last=True))

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def sealed(data: bytes, key: bytes) -> bytes:
    """A whole sealed file.  Raises SettingsError: the library is not there."""
    cipher = _Cipher.of(key, secrets.token_bytes(_SALT))
    starts = range(0, len(data), _MAX_CHUNK)
    chunks = [cipher.seal(k, data[at : at + _MAX_CHUNK]) for k, at in enumerate(starts)]
    return b"".join((cipher.head, *chunks, cipher.seal(len(chunks), b"", last=True)))


def unsealed(data: bytes, key: bytes, *, unfinished: bool = False) -> bytes:
    """What is in a sealed file.

    Args:
        unfinished: it may have been cut: what is in its whole chunks.

    Raises:
        DataError: the key is not that of this file, or the file was changed or cut.
        SettingsError: the library is not there.
    """
    cipher = _Cipher.of(key, data[len(MAGIC) + _CHECK : _HEAD])
    if cipher.head != data[:_HEAD]:
        raise DataError("this is not the key it was encrypted with")
    from cryptography.exceptions import InvalidTag

    parts: list[bytes] = []
    at = _HEAD
    while at + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        chunk = data[at + _LENGTH.size : at + _LENGTH.size + length]
        if len(chunk) < length or length < _TAG:
            break
        at += _LENGTH.size + length
        last = length == _TAG
        try:
            part = cipher.gcm.decrypt(cipher.nonce(len(parts), last=last), chunk, cipher.head)
        except InvalidTag:
            raise DataError("it was changed since it was encrypted") from None
        if last:
            if at != len(data):
                raise DataError("something was added to it since it was encrypted")
            return b"".join(parts)
        parts.append(part)
    if not unfinished:
        raise DataError("it was cut since it was encrypted")
    return b"".join(parts)
