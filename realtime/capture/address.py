"""The grammar of source addresses, and the only way to print one.

OpenCV and FFmpeg open far more than a user means when handed a string (`concat:`, `subfile,,`,
`file:`, `pipe:`), so a text becomes an `Address` here or is rejected, and nothing else is ever
opened.  The name of a file may hold anything that a file system allows but control
characters, unless it could be read as a protocol of FFmpeg's.  Called by the command line and by
`open_source`.  A password is held in `Address.text` alone, which no repr shows.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from realtime.capture.source import SourceKind
from realtime.errors import SourceRefused

MAX_LENGTH = 2048
SCHEMES = ("rtsp", "rtsps", "http", "https")
ALLOWED = (
    "a camera number such as 0, an existing file or folder, "
    "a pattern of pictures such as 'img%04d.png' or '*.png', "
    "or an rtsp://, rtsps://, http:// or https:// address"
)
# What FFmpeg opens by a name before a colon; a file of such a name is written ./NAME.
_PROTOCOLS = {
    *("amqp", "android_content", "async", "bluray", "cache", "concat", "concatf", "crypto"),
    *("data", "dtls", "dvd", "fd", "ffrtmpcrypt", "ffrtmphttp", "file", "ftp", "ftps"),
    *("gopher", "gophers", "hls", "http", "httpproxy", "https", "icecast", "ipfs", "ipfs_gateway"),
    *("ipns", "libamqp", "libsrt", "md5", "mmsh", "mmst", "pipe", "prompeg", "rist"),
    *("rtmp", "rtmpe", "rtmps", "rtmpt", "rtmpte", "rtmpts", "rtp", "rtsp", "rtsps"),
    *("satip", "sctp", "sdp", "sftp", "smb", "srt", "srtp", "subfile", "tcp", "tee"),
    *("tls", "udp", "udplite", "unix", "zmq"),
}

_PRINTF = re.compile(r"%0?[0-9]*d")
_NUMBER = re.compile(r"[0-9]{1,4}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# FFmpeg puts protocol options between the name and the colon: "subfile,,start,0,end,9,,:a".
_OPTIONS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*),")
# Cameras that take the account in the path: "/user=admin&password=…/1.sdp", "/live;token=…".
_PATH_SECRET = re.compile(r"[^/]*[=;].*")


@dataclass(frozen=True, slots=True)
class Address:
    """A source the grammar allows: CAMERA, FILE, FOLDER or STREAM."""

    kind: SourceKind
    text: str = field(repr=False)  # may hold a password: print `printable(address)` instead
    name: str  # the printable form

    @property
    def index(self) -> int:
        """The number of a camera."""
        if self.kind is not SourceKind.CAMERA:
            raise ValueError(f"{self.name} is not a camera number")
        return int(self.text)

    @property
    def path(self) -> Path:
        """Where a file or a folder lies."""
        if self.kind not in (SourceKind.FILE, SourceKind.FOLDER):
            raise ValueError(f"{self.name} is not a file or folder")
        return Path(self.text)


def parse_source(text: str) -> Address:
    """The address of a user's text.

    Raises:
        SourceRefused: when the text is outside the grammar; the message says what is allowed.
    """
    if not text or len(text) > MAX_LENGTH:
        raise _refusal("the address is empty or longer than 2048 characters")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise _refusal("the address holds control characters: rename such a file")
    scheme = _SCHEME.match(text)
    if scheme and text[scheme.end() :].startswith("//"):
        if scheme[1].lower() in SCHEMES:
            return Address(SourceKind.STREAM, text, _hide(text))
        raise _refusal(f"'{_shown(text)}' is not a kind of address that is opened")
    for protocol in filter(None, (scheme, _OPTIONS.match(text))):
        if protocol[1].lower() in _PROTOCOLS:
            raise _refusal(
                f"'{_shown(text)}' is not a kind of address that is opened "
                f"(a file whose name begins with '{protocol[0]}' is written ./{protocol[0]}…)"
            )
    local = _local(text)
    if local is not None:
        return local
    if _NUMBER.fullmatch(text):
        return camera_address(int(text))
    if is_pattern(text):
        return Address(SourceKind.FOLDER, text, printable_path(text))
    if text.startswith("-"):
        raise _refusal(f"'{_shown(text)}' is no file or folder here, and looks like a flag")
    raise _refusal(f"'{_shown(text)}' is no file or folder here")


def camera_address(number: int) -> Address:
    """The camera with a number, even where a file is called so."""
    return Address(SourceKind.CAMERA, str(number), f"camera {number}")


def wanted_address(source: str | None, camera: int | None) -> Address:
    """The address of `--source` or `--camera`; the second is a number, whatever files are called.

    Raises:
        SourceRefused: as `parse_source`.
    """
    return parse_source(source) if source else camera_address(camera or 0)


def is_pattern(text: str) -> bool:
    """Whether the last part of a path is a pattern: "img%04d.png", "*.png"."""
    name = Path(text).name
    return bool(_PRINTF.search(name)) or any(mark in name for mark in "*?[")


def printable_path(path: Path | str) -> str:
    """A file's name as text that can be written anywhere: bytes that are no text become "�"."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _local(text: str) -> Address | None:
    """The file or folder with this name; None if there is none."""
    path = Path(text)
    try:
        if path.is_file():
            return Address(SourceKind.FILE, text, printable_path(text))
        if path.is_dir():
            return Address(SourceKind.FOLDER, text, printable_path(text))
        if path.exists():  # a device, a named pipe, a socket
            raise _refusal(f"'{_shown(text)}' is neither a regular file nor a folder")
    except (OSError, ValueError):  # a name too long for the file system
        raise _refusal(f"'{_shown(text)}' is not a name a file can have") from None
    return None


def printable(address: Address) -> str:
    """The address without user name, password and query."""
    return address.name


def _hide(url: str) -> str:
    parts = host = port = None
    # A ValueError of urlsplit quotes the address: it must not travel on as the context of ours.
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    if parts is None or (port is None and host is None and parts.netloc):
        raise _refusal(
            "the address has no readable host and port (inside a password, "
            "write '/', '?', '#' and '@' as %2F, %3F, %23 and %40)"
        )
    if not host:
        raise _refusal("the address names no host")
    # "rtsp://user:p/ss@camera/": an unescaped slash ends the host early, and half the password
    # would be shown as the name of a host.
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise _refusal(
            "write '/', '?', '#' and '@' inside a password as %2F, %3F, %23 and %40, "
            "and '@' behind the host as %40"
        )
    host = f"[{host}]" if ":" in host else host
    where = f"{host}:{port}" if port is not None else host
    return f"{parts.scheme}://{where}{_PATH_SECRET.sub('…', parts.path)}"


def _shown(text: str) -> str:
    """What a message may repeat of a rejected text: it may be a mistyped URL."""
    if any(mark in text for mark in "@?=") or "//" in text:
        return "…"
    scheme = _SCHEME.match(text)
    if scheme:
        return f"{scheme[0]}…"
    text = printable_path(text)
    return text if len(text) <= 80 else text[:79] + "…"


def _refusal(reason: str) -> SourceRefused:
    return SourceRefused(f"{reason}; allowed: {ALLOWED}")
