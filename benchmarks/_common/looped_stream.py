"""A camera that goes on for ever: Motion JPEG over HTTP on loopback, a clip there and back again.

Used by the benchmarks of load and of soaking, and by tests.  The server is a process of its own
that keeps to its schedule: what it was hindered from sending it sends at once afterwards, and
leaves nothing out.  So what a program counts as missing it has invented.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.demo.subject import DemoSubject

_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def subject_clip(
    seconds: float, fps: float, size: tuple[int, int], *, faces: int = 1, first_s: float = 3.0
) -> list[bytes]:
    """JPEGs of the built-in subject from `first_s` on, `faces` times in one picture.

    Args:
        size: width, height of the picture; several faces stand in a grid of two columns.
    """
    width, height = size
    across = min(faces, 2)
    down = -(-faces // across)
    part = (width // across, height // down)
    subject = DemoSubject(fps=fps, size=part)
    first, count = round(first_s * fps), round(seconds * fps)
    apart = round(0.7 * fps)  # each face is at another place of the clip
    clip = []
    for k in range(count):
        picture = np.zeros((height, width, 3), np.uint8)
        for face in range(faces):
            x, y = part[0] * (face % across), part[1] * (face // across)
            picture[y : y + part[1], x : x + part[0]] = subject.frame(first + k + face * apart)
        clip.append(_jpeg(picture))
    return clip


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


class LoopedStream:
    """The server's process, in a `with`; `url` is then what `--source` takes.

    Args:
        clip: JPEGs, sent forwards and backwards in turn, so that nothing jumps.
        fps: frames a second.
    """

    def __init__(self, clip: Sequence[bytes], fps: float) -> None:
        self._clip, self._fps = list(clip), fps
        self._process: SpawnProcess | None = None
        self.url = ""

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._link, far_end = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(self._clip, self._fps, far_end), name="camera", daemon=True
        )
        self._process.start()
        far_end.close()
        self.url = f"http://127.0.0.1:{self._link.recv()}/video"
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()  # which ends it
        if self._process is not None:
            self._process.join(5)
            self._process.kill()

    def sent(self) -> int:
        """Frames handed to the system for the newest reader."""
        self._link.send("how many?")
        return int(self._link.recv())


def _serve(clip: list[bytes], fps: float, link: Connection) -> None:
    """One reader after another, until the other end of `link` is closed."""
    there_and_back = [*clip, *clip[-2:0:-1]]
    with contextlib.suppress(OSError):  # allowed to an administrator only
        os.setpriority(os.PRIO_PROCESS, 0, -10)  # a camera shares no processor with the program
    sent = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        link.send(listener.getsockname()[1])
        listener.settimeout(0.2)
        while True:
            try:
                reader, _ = listener.accept()
            except TimeoutError:
                if not _answered(link, sent):
                    return
                continue
            with reader:
                reader.settimeout(None)
                sent, begun = 0, time.monotonic()
                try:
                    reader.recv(65536)
                    reader.sendall(_HEAD)
                    while _answered(link, sent):
                        data = there_and_back[sent % len(there_and_back)]
                        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}"
                        reader.sendall(head.encode() + b"\r\n\r\n" + data + b"\r\n")
                        sent += 1
                        time.sleep(max(0.0, begun + sent / fps - time.monotonic()))
                    return
                except OSError:
                    continue  # the reader has closed the stream


def _answered(link: Connection, sent: int) -> bool:
    """Answers a question if there is one; False once nobody can ask any more."""
    try:
        if link.poll():
            link.recv()
            link.send(sent)
    except (EOFError, OSError):
        return False
    return True
