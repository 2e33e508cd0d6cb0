"""Servers on 127.0.0.1 for tests: Motion JPEG over HTTP and RTSP, H.264 over both, fixed bytes.

The streams draw the number of each frame into its pixels (`numbered` / `number_of`), so that a test
knows which frame it holds.  Real sockets; H.264 over RTSP is GStreamer's.
"""

from __future__ import annotations

import io
import itertools
import socket
import struct
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 240
BITS, BLOCK = 16, 16  # one 16-px block per bit survives JPEG


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A picture that carries its number and differs from its neighbours all over."""
    image = np.full((height, width, 3), 40 + number * 7 % 160, np.uint8)
    top = _bits_top(height)
    for bit in range(BITS):
        image[top : top + BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 * (number >> bit & 1)
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    """The number drawn by `numbered`."""
    middle = _bits_top(image.shape[0]) + BLOCK // 2
    centres = image[middle, BLOCK // 2 : BITS * BLOCK : BLOCK, 1]
    return sum(1 << bit for bit, value in enumerate(centres) if value > 127)


def _bits_top(height: int) -> int:
    """Row of the blocks: below the middle, as a picture that is damaged changes at its end."""
    return height // 2 // BLOCK * BLOCK


def jpeg(image: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LoopbackServer(ABC):
    """Runs in a thread between `start` and `stop`, which keep the port; or in a `with`."""

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

    @abstractmethod
    def start(self) -> None:
        """Begin to listen; the port is open when it returns."""

    def stop(self) -> None:
        """May be called twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None


class SocketServer(LoopbackServer):
    """One connection after the other, its bytes as they are."""

    def start(self) -> None:
        self._stop = threading.Event()
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.settimeout(0.05)
        self._thread = threading.Thread(target=self._listen, args=(listener,), name="loopback")
        self._thread.start()

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

    @abstractmethod
    def _converse(self, connection: socket.socket) -> None:
        """Serve one reader until it has gone, or `_stop` is set."""


class BytesServer(SocketServer):
    """Answers every request with the same bytes, whatever they are."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(4096)
        connection.sendall(self.answer)


class DrippingServer(SocketServer):
    """HTTP: whole pictures at first, then a few bytes at a time, and never another whole one."""

    path = "video"

    def __init__(self, whole: int, fps: float = 30.0) -> None:
        super().__init__()
        self.whole, self.fps = whole, fps

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(4096)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
        )
        head = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"
        for number in range(self.whole):
            connection.sendall(head + jpeg(numbered(number)) + b"\r\n")
            if self._stop.wait(1 / self.fps):
                return
        rest = head + jpeg(numbered(self.whole))
        for begin in range(0, len(rest), 4):
            connection.sendall(rest[begin : begin + 4])
            if self._stop.wait(0.1):
                return


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


class TsServer(SocketServer):
    """HTTP: numbered pictures as H.264 in a transport stream, joined between two keyframes.

    Args:
        gop: frames between two keyframes; a reader begins in the middle between two.
        fps: frames a second.
        answer_s: before it answers at all.
    """

    path = "live.ts"

    def __init__(self, gop: int, fps: int = 30, *, answer_s: float = 0.0) -> None:
        super().__init__()
        self.fps, self.gop, self.answer_s = fps, gop, answer_s
        self._pieces = _transport_stream(3 * gop, gop, fps)

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(4096)
        if self._stop.wait(self.answer_s):
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
        for piece in self._pieces[self.gop // 2 :]:
            if self._stop.wait(1 / self.fps):
                return
            connection.sendall(piece)


def _transport_stream(count: int, gop: int, fps: int) -> list[bytes]:
    """What each of `count` frames adds to a transport stream."""
    file = io.BytesIO()
    pieces = []
    with av.open(file, "w", format="mpegts", options={"flush_packets": "1"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = gop
        for number in range(count):
            begin = file.tell()
            frame = av.VideoFrame.from_ndarray(numbered(number), format="bgr24")
            container.mux(stream.encode(frame))
            pieces.append(file.getvalue()[begin:])
    return pieces


class RtspCamera:
    """GStreamer's RTSP server with an encoder of its own, and a reader that is there already.

    Args:
        gop: frames between two keyframes, at 30 frames a second.
        account: user name and password.
    """

    def __init__(self, gop: int, account: tuple[str, str] | None = None) -> None:
        if not _has_gstreamer():
            pytest.skip("GStreamer's RTSP server is not installed (make test-tools)")
        self._process = subprocess.Popen(
            [
                _SYSTEM_PYTHON,
                Path(__file__).with_name("rtsp_camera.py"),
                str(gop),
                *(account or ()),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"rtsp://127.0.0.1:{int(self._process.stdout.readline())}/video"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @contextmanager
    def watched(self, packets: int) -> Iterator[None]:
        """Another reader is there, and has had as many packets since a keyframe."""
        late, over = threading.Event(), threading.Event()

        def watch() -> None:
            with av.open(self.url, options={"rtsp_transport": "tcp"}, timeout=10) as container:
                since = 0
                for packet in container.demux():
                    since = 0 if packet.is_keyframe else since + 1
                    if since >= packets:
                        late.set()
                    if over.is_set():
                        return

        reader = threading.Thread(target=watch, name="first-reader")
        reader.start()
        try:
            assert late.wait(20)
            yield
        finally:
            over.set()
            reader.join(20)


_SYSTEM_PYTHON = "/usr/bin/python3"  # which has the bindings of Debian's packages


@cache
def _has_gstreamer() -> bool:
    tried = "import gi; gi.require_version('GstRtspServer', '1.0'); " + (
        "from gi.repository import Gst, GstRtspServer; Gst.init(None); "
        "assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')"
    )
    try:
        done = subprocess.run([_SYSTEM_PYTHON, "-c", tried], capture_output=True, timeout=60)
    except OSError:
        return False
    return done.returncode == 0


class RtspServer(SocketServer):
    """RTSP with RTP/MJPEG (RFC 2435) interleaved in its TCP connection; one reader at a time.

    Args:
        fps: frames a second.
        lost: numbers of frames that are left out, as a camera does that cannot keep up.
    """

    scheme, path = "rtsp", "video"

    def __init__(self, fps: float = 30.0, *, lost: Collection[int] = ()) -> None:
        super().__init__()
        self.fps, self.lost = fps, lost

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
            if number in self.lost:
                continue
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
