"""Lines over the loopback port become markers of the session."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from realtime.errors import SettingsError
from realtime.markers.inbox import MAX_LABEL, MarkerInbox
from realtime.markers.port import HOST, MarkerPort
from realtime.recording.markers import Marker, read_markers
from realtime.recording.session_folder import SessionFolder

PATIENCE_S = 20  # catches a hang


class Written:
    """An inbox, and what it has written so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = MarkerInbox(SessionFolder(folder))
        self.told: list[str] = []

    def until(self, text: str) -> list[str]:
        """Wait for a label, or for something that is told; the labels."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.told += self.inbox.write(0)
            labels = [marker.label for marker in self.markers()]
            if text in labels or any(text in line for line in self.told):
                return labels
            threading.Event().wait(0.01)
        raise AssertionError(f"{text!r} never came: {labels}, {self.told}")

    def markers(self) -> list[Marker]:
        return list(read_markers(self.folder, []))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


@pytest.fixture
def port(written: Written) -> Iterator[MarkerPort]:
    with MarkerPort(0, written.inbox) as listening:
        yield listening


def connect(port: MarkerPort) -> socket.socket:
    return socket.create_connection((HOST, port.port), PATIENCE_S)


def test_a_line_is_a_marker_at_the_time_it_came(written: Written, port: MarkerPort) -> None:
    with connect(port) as sender:
        before_ns = time.monotonic_ns()
        sender.sendall("trial 1: größer\r\n".encode())
        assert written.until("trial 1: größer") == ["trial 1: größer"]
        after_ns = time.monotonic_ns()
    (marker,) = written.markers()
    assert before_ns / 1e9 - 1e-6 <= marker.t_s <= after_ns / 1e9
    assert marker.origin == "port"


def test_lines_of_several_senders_in_any_pieces_come_whole(
    written: Written, port: MarkerPort
) -> None:
    with connect(port) as one, connect(port) as two:
        one.sendall(b"sti")
        two.sendall(b"a\nb\n\n")
        written.until("b")
        one.sendall(b"mulus\n")
        assert written.until("stimulus") == ["a", "b", "stimulus"]


def test_only_the_first_of_a_sender_is_told(written: Written, port: MarkerPort) -> None:
    with connect(port) as sender:
        sender.sendall(b"".join(b"%d\n" % k for k in range(500)))
        assert len(written.until("499")) == 500
    assert [line for line in written.told if "marker 0" in line or "the first" in line] == [
        line for line in written.told if "listening" not in line
    ]


def test_a_web_page_cannot_set_markers(written: Written, port: MarkerPort) -> None:
    with connect(port) as page:
        page.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nfalse marker\n")
        written.until("a web page tried")
        page.settimeout(PATIENCE_S)
        with suppress(ConnectionResetError):
            assert page.recv(1) == b""
    with connect(port) as sender:
        sender.sendall(b"true\n")
        assert written.until("true") == ["true"]


@pytest.mark.parametrize(
    ("sent", "told"), [(b"no end", "no line end"), (b"x" * 10_000, "above 4096 bytes")]
)
def test_what_is_no_line_is_told(
    written: Written, port: MarkerPort, sent: bytes, told: str
) -> None:
    with connect(port) as sender:
        sender.sendall(sent)
    assert written.until(told) == []


def test_a_label_is_one_line_of_text(written: Written, port: MarkerPort) -> None:
    with connect(port) as sender:
        sender.sendall(b"\x1b[2J\tred\xff\n" + b"y" * 1000 + b"\n")
        assert written.until("y" * MAX_LABEL)[0] == "?[2J red\ufffd"


def test_it_listens_on_this_machine_alone_and_a_port_in_use_is_told(port: MarkerPort) -> None:
    with pytest.raises(SettingsError, match=r"--markers-port .* choose another"):
        MarkerPort(port.port, MarkerInbox(None))
    assert port._listener.getsockname()[0] == "127.0.0.1"


def test_more_connections_than_a_laboratory_needs_are_refused(
    written: Written, port: MarkerPort
) -> None:
    senders = [connect(port) for _ in range(17)]
    written.until("16 are open")
    senders[0].sendall(b"still heard\n")
    written.until("still heard")
    for sender in senders:
        sender.close()
