"""Markers as lines of text over TCP, from programs on this machine (`--markers-port N`).

For PsychoPy, E-Prime and scripts: connect to 127.0.0.1, send a line of UTF-8 a marker.  A marker
has the time at which its line arrived; on the loopback interface that is well below a millisecond
after it was sent.  Nothing is ever answered, so a sender need not read.
"""

from __future__ import annotations

import re
import selectors
import socket
import threading
import time
from dataclasses import dataclass
from typing import Self

from realtime.errors import SettingsError
from realtime.markers.inbox import MarkerInbox

HOST = "127.0.0.1"

_MAX_SENDERS = 16
_MAX_LINE = 4096  # bytes
_POLL_S = 0.2  # how soon the end is noticed; a line is noticed at once
_JOIN_S = 2.0
# A page in a browser of this machine can send a request to any port; it cannot send a line first.
_REQUEST = re.compile(rb"[A-Z]+ \S* ?HTTP/\d")


@dataclass(slots=True)
class _Sender:
    connection: socket.socket
    begun: bytes = b""  # of a line whose end has not come


class MarkerPort:
    """Context manager; listens from the start, on a thread of its own.

    Args:
        port: 0: any free one, which is told.

    Raises:
        SettingsError: the port is in use, or not allowed.
    """

    def __init__(self, port: int, inbox: MarkerInbox) -> None:
        try:
            self._listener = socket.create_server((HOST, port))
        except OSError as error:
            raise SettingsError(
                f"--markers-port {port} cannot be opened: {error.strerror}; "
                "choose another, or 0 for a free one"
            ) from error
        self.port: int = self._listener.getsockname()[1]
        self._inbox = inbox
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="marker-port", daemon=True)
        inbox.tell(f"listening on {HOST}:{self.port}, a line of text each")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_JOIN_S)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(_POLL_S):
                if key.data is None:
                    self._accept()
                else:
                    self._receive(key.data)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # the sender is gone again
            return
        if len(self._selector.get_map()) > _MAX_SENDERS:
            connection.close()
            self._inbox.tell(f"a connection was refused: {_MAX_SENDERS} are open")
            return
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, _Sender(connection))

    def _receive(self, sender: _Sender) -> None:
        try:
            data = sender.connection.recv(_MAX_LINE)
        except OSError:
            data = b""
        t_ns = time.monotonic_ns()
        *lines, sender.begun = (sender.begun + data).split(b"\n")
        for line in lines:
            if _REQUEST.match(line):
                self._drop(sender, "a web page tried to send markers; its connection was closed")
                return
            if label := line.decode("utf-8", "replace").strip():
                self._inbox.put(t_ns, label, "port")
        if len(sender.begun) > _MAX_LINE:
            self._drop(sender, f"a connection was closed: a line above {_MAX_LINE} bytes")
        elif not data:
            without_end = "the last text of a sender had no line end, so it is no marker"
            self._drop(sender, without_end if sender.begun else "")

    def _drop(self, sender: _Sender, why: str) -> None:
        self._selector.unregister(sender.connection)
        sender.connection.close()
        if why:
            self._inbox.tell(why)
