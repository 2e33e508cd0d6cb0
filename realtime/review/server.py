"""Serves the review on this machine until it is ended there, or with Ctrl-C."""

from __future__ import annotations

import os
import socket
import webbrowser
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from realtime.errors import SettingsError
from realtime.review.access import AccessControl

_HOST = "127.0.0.1"
_GRACE_S = 1  # for what is under way at the end


def listen(port: int) -> socket.socket:
    """A socket of this machine alone; port 0: any that is free.

    Raises:
        SettingsError: the port is taken, or may not be used.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen()  # from now on a browser may come; it waits until the server runs
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"--port {port} cannot be used: {error.strerror}; leave it out for a free one"
        ) from error
    return listener


class ReviewServer:
    """Args:
    listener: from `listen`.
    pages: makes the application, given a call that ends the server.
    """

    def __init__(
        self, listener: socket.socket, pages: Callable[[Callable[[], None]], ASGIApp]
    ) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self._guarded = AccessControl(pages(self._end), self.port)
        config = uvicorn.Config(
            self._guarded,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """Opens one browser, once."""
        return self._guarded.address

    def run(self) -> None:
        """Raises KeyboardInterrupt at Ctrl-C."""
        self._server.run(sockets=[self._listener])

    def _end(self) -> None:
        self._server.should_exit = True


def open_browser(address: str) -> bool:
    """Whether one could be opened on a screen of this machine."""
    if over_ssh() or (os.name == "posix" and os.uname().sysname == "Linux" and not _has_screen()):
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def over_ssh() -> bool:
    return "SSH_CONNECTION" in os.environ


def forwarding(port: int) -> str:
    """The command that leads a port of the person's own machine to the server here."""
    ours = os.environ.get("SSH_CONNECTION", "").split()
    host = ours[2] if len(ours) > 2 else socket.gethostname()
    return f"ssh -N -L {port}:{_HOST}:{port} {host}"


def _has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
