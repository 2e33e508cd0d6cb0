"""Servers on 127.0.0.1 for tests: Motion JPEG over HTTP and over RTSP, and one of fixed bytes.

The streams draw the number of each frame into its pixels (`numbered` / `number_of`), so that a test
knows which frame it holds.  Real sockets, standard library only.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 240
BITS, BLOCK = 16, 16  # one 16-px block per bit survives JPEG


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A picture that carries its number and differs from its neighbours all over."""
    image = np.full((height, width, 3), 40 + number * 7 % 160, np.uint8)
    for bit in range(BITS):
        image[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 * (number >> bit & 1)
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    """The number drawn by `numbered`."""
    centres = image[BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK, 1]
    return sum(1 << bit for bit, value in enumerate(centres) if value > 127)


def jpeg(image: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LoopbackServer:
    """Runs `serve` in a thread between `start` and `stop`, which keep the port; or in a `with`."""

    scheme, path = "http", ""

    def __init__(self) -> None:
        self.port = free_port()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{self.path}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._stop = threading.Event()
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.settimeout(0.05)
        self._thread = threading.Thread(target=self._listen, args=(listener,), name="loopback")
        self._thread.start()

    def stop(self) -> None:
        """May be called twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def _listen(self, listener: socket.socket) -> None:
        with listener:
            while not self._stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    try:
                        self._converse(connection)
                    except OSError:  # the reader hung up
                        continue

    def _converse(self, connection: socket.socket) -> None:
        raise NotImplementedError


class BytesServer(LoopbackServer):
    """Answers every request with the same bytes, whatever they are."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(4096)
        connection.sendall(self.answer)


class MjpegServer(LoopbackServer):
    """HTTP multipart MJPEG at `url`; `stop` and `start` keep the port.

    Args:
        fps: frames a second.
        silent: take connections and never answer.
        frozen: send the same picture for ever.
        pictures: JPEGs to send round and round instead of numbered pictures.
    """

    path = "video"

    def __init__(
        self,
        fps: float = 30.0,
        *,
        silent: bool = False,
        frozen: bool = False,
        size: tuple[int, int] = (WIDTH, HEIGHT),
        pictures: Sequence[bytes] | None = None,
    ) -> None:
        super().__init__()
        self.pictures = pictures
        self.fps, self.silent, self.frozen, self.size = fps, silent, frozen, size
        self.sent = 0
        self._numbers = itertools.count()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        stop = self._stop = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._serve(self, stop)

            def log_message(self, *_: object) -> None:
                """Nothing on stderr."""

        class Server(ThreadingHTTPServer):
            daemon_threads = False  # `server_close` joins them: no thread outlives a test

            def handle_error(self, request: object, client_address: object) -> None:
                """A reader that hangs up is no error here."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="mjpeg-server"
        )
        self._thread.start()

    def stop(self) -> None:
        """Cuts every connection.  May be called twice."""
        self._stop.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        super().stop()

    def _serve(self, handler: BaseHTTPRequestHandler, stop: threading.Event) -> None:
        if self.silent:
            stop.wait()
            return
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        while not stop.wait(1 / self.fps):
            if self.silent:
                continue
            number = 0 if self.frozen else next(self._numbers)
            if self.pictures:
                data = self.pictures[number % len(self.pictures)]
            else:
                data = jpeg(numbered(number, *self.size))
            handler.wfile.write(
                b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
                + data
                + b"\r\n"
            )
            self.sent += 1


class RtspServer(LoopbackServer):
    """RTSP with RTP/MJPEG (RFC 2435) interleaved in its TCP connection; one reader at a time."""

    scheme, path = "rtsp", "video"

    def __init__(self, fps: float = 30.0) -> None:
        super().__init__()
        self.fps = fps

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        asked = b""
        while not self._stop.is_set():
            try:
                more = connection.recv(4096)
            except TimeoutError:
                continue
            if not more:
                return
            asked += more
            while b"\r\n\r\n" in asked:
                request, asked = asked.split(b"\r\n\r\n", 1)
                method = self._answer(connection, request.decode())
                if method == "TEARDOWN":
                    return
                if method == "PLAY":
                    connection.settimeout(5)
                    self._play(connection)
                    return

    def _answer(self, connection: socket.socket, request: str) -> str:
        lines = request.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        method = lines[0].split()[0]
        extra, body = "", ""
        if method == "OPTIONS":
            extra = "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = (
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                "m=video 0 RTP/AVP 26\r\na=control:track0\r\n"
            )
            extra = f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\n"
        elif method == "SETUP":
            extra = f"Transport: {headers['Transport']}\r\nSession: 1\r\n"
        elif method == "PLAY":
            extra = "Session: 1\r\n"
        answer = f"RTSP/1.0 200 OK\r\nCSeq: {headers['CSeq']}\r\n{extra}"
        connection.sendall(f"{answer}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return method

    def _play(self, connection: socket.socket) -> None:
        sequence = itertools.count()
        for number in itertools.count():
            if self._stop.wait(1 / self.fps):
                return
            time_90k = round(number * 90_000 / self.fps)
            data = jpeg(numbered(number))
            for payload, last in rtp_jpeg(data, WIDTH, HEIGHT):
                rtp = struct.pack(
                    ">BBHII", 0x80, 26 | last << 7, next(sequence) & 0xFFFF, time_90k, 1
                )
                packet = rtp + payload
                connection.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)


def rtp_jpeg(data: bytes, width: int, height: int) -> Iterator[tuple[bytes, bool]]:
    """RFC 2435 payloads of one baseline 4:2:0 JPEG, and whether each is the picture's last."""
    tables, at = b"", 2
    while data[at + 1] != 0xDA:  # start of scan
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDB:  # quantisation: one or more of (id byte, 64 values)
            segment = data[at + 4 : at + 2 + length]
            tables += b"".join(segment[i + 1 : i + 65] for i in range(0, len(segment), 65))
        at += 2 + length
    scan = data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") : -2]
    for start in range(0, len(scan), 1200):
        # type 1: 4:2:0; Q 255: the tables travel with the picture
        head = struct.pack(">B3sBBBB", 0, start.to_bytes(3, "big"), 1, 255, width // 8, height // 8)
        if start == 0:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        yield head + scan[start : start + 1200], start + 1200 >= len(scan)
