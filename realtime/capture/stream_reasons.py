"""Why a stream could not be opened, in words: what FFmpeg's error says, without the address.

FFmpeg repeats the address, and the password in it, in what it logs and raises.
"""

from __future__ import annotations

import errno
import socket
from urllib.parse import urlsplit

import av

_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN)
_CHECK_PATH = "check the path"


def reason(error: Exception, url: str, open_s: float) -> str:
    """One clause and what to do about it.

    Args:
        error: of `av.open`.
        url: the address, of which only scheme and host are looked at.
        open_s: the time it was given.
    """
    match error:
        case av.HTTPUnauthorizedError():
            return "user name or password are wrong or missing (401); write rtsp://USER:PASSWORD@…"
        case av.HTTPForbiddenError():
            return "it does not allow this user to watch (403)"
        case av.HTTPNotFoundError():
            return f"there is no such stream (404); {_CHECK_PATH}"
        case av.HTTPClientError():
            return f"it refuses this request (4xx); {_CHECK_PATH}"
        case av.HTTPServerError():
            return "it reports a fault of its own (5xx); try again, or start it again"
        case av.ExitError() | TimeoutError():
            return (
                f"nothing answered within {open_s:g} s; check host and port, or give it longer "
                "with --open-timeout"
            )
        case ConnectionRefusedError():
            return "the connection is refused: nothing listens there; check host and port"
        case ConnectionResetError() | BrokenPipeError():
            return "it closed the connection; check port and path"
        case av.DecoderNotFoundError() | av.DemuxerNotFoundError() | av.ProtocolNotFoundError():
            return "it sends a format that cannot be decoded; choose H.264 or Motion JPEG there"
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return "the host cannot be reached; check its address and the network"
    parts = urlsplit(url)
    if not _resolves(parts.hostname or "", parts.port or _PORTS[parts.scheme.lower()]):
        return "the name of the host is not known; check it"
    if parts.scheme.lower() in ("https", "rtsps") and isinstance(error, OSError):
        return "no TLS connection could be made; try http:// or rtsp://"
    return f"what answers is not a video stream; {_CHECK_PATH}"


def _resolves(host: str, port: int) -> bool:
    try:
        return bool(socket.getaddrinfo(host, port))
    except (OSError, UnicodeError):
        return False
