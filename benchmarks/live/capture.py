"""Is a frame lost while everything is at work?  `python -m benchmarks.live.capture`

A server in a process of its own streams the demo subject over HTTP on loopback, 60 frames a second
or `--fps`, each frame with its number drawn into the pixels.  `run_live.py` runs on it with
recorder, engine and the live dashboard on a pseudo-terminal.  Loss is counted three ways: by the
program's own counters, by the server's count against the program's, and by the numbers in the
pixels of the recorded clips.  Exit code 1 if any of them reaches 1 %.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks._common.watched_run import CONSENT
from realtime.demo.subject import DemoSubject
from realtime.recording.session import open_session

ROOT = Path(__file__).resolve().parents[2]
BITS, BLOCK = 13, 16  # numbers drawn as blocks that survive JPEG and H.264
LONGEST_S = 40.0  # of the film that is streamed in a loop
LIMIT = 0.01


def draw_number(image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    for bit in range(BITS):
        image[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 * (number >> bit & 1)
    return image


def read_number(image: NDArray[np.uint8]) -> int:
    centres = image[BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK, 1]
    return sum(1 << bit for bit, value in enumerate(centres) if value > 127)


def render_film(fps: int) -> list[bytes]:
    """The demo subject as JPEG, numbered from 0."""
    subject = DemoSubject(seconds=min(LONGEST_S, 2**BITS / fps), fps=fps)
    film = []
    numbers = range(subject.frame_count)
    for number in track(numbers, "rendering", console=Console(stderr=True)):
        image = draw_number(subject.frame(number).copy(), number)
        film.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
    return film


def serve(film: list[bytes], fps: int, link: Connection) -> None:
    """Stream the film in a loop; replies with the count of frames sent on request."""
    sent = 0

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal sent
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            sent, start = 0, time.monotonic()
            try:
                while True:
                    jpeg = film[sent % len(film)]
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                    self.wfile.write(head.encode() + b"\r\n\r\n" + jpeg + b"\r\n")
                    sent += 1
                    time.sleep(max(0.0, start + sent / fps - time.monotonic()))
            except OSError:
                return  # the program has closed the stream

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    link.send(server.server_address[1])
    link.recv()
    link.send(sent)


def run_program(url: str, folder: Path, seconds: float, engine: str | None) -> int:
    """The program with its live dashboard on a pseudo-terminal that is read like a real one."""
    consent = folder / "consent.toml"
    consent.write_text(CONSENT, "utf-8")
    command = [sys.executable, str(ROOT / "run_live.py"), "--source", url, "--dashboard", "live"]
    command += ["--seconds", str(seconds), "--output", str(folder / "sessions")]
    command += ["--consent", str(consent)]
    if engine:
        command += ["--engine", engine]
    terminal, inside = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "130", "LINES": "42"}
    child = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, env=environment)
    os.close(inside)

    def drain() -> None:
        try:
            while os.read(terminal, 65536):
                pass
        except OSError:
            return  # the terminal is gone with the child

    threading.Thread(target=drain, daemon=True).start()
    return child.wait()


def holes_in_clips(session: Path, length: int) -> tuple[int, int]:
    """Frames in the recorded clips of a film, and numbers missing between neighbours.

    Args:
        length: of the film, frames.
    """
    frames = missing = 0
    for path in sorted((session / "clips").glob("*.mp4")):
        with av.open(str(path)) as clip:
            numbers = [read_number(f.to_ndarray(format="bgr24")) for f in clip.decode(video=0)]
        frames += len(numbers)
        steps = np.diff(numbers) % length
        missing += int((steps - 1).sum())
    return frames, missing


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fps", type=int, default=60)
    parser.add_argument("--engine", help="engine folder; default: the one that ships")
    options = parser.parse_args()

    context = multiprocessing.get_context("spawn")
    link, far_end = context.Pipe()
    film = render_film(options.fps)
    server = context.Process(target=serve, args=(film, options.fps, far_end), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{link.recv()}/video"
    with tempfile.TemporaryDirectory() as folder:
        code = run_program(url, Path(folder), options.seconds, options.engine)
        link.send("how many?")
        sent = link.recv()
        (session,) = (Path(folder) / "sessions").glob("*/")
        record = open_session(session).record
        assert record is not None
        assert record.counts is not None
        frames = record.counts.frames
        in_clips, holes = holes_in_clips(session, len(film))
    server.join(timeout=5)

    captured = frames.read
    by_counters = frames.missing / max(1, captured + frames.missing)
    by_server = max(0, sent - captured) / max(1, sent)
    by_pixels = holes / max(1, in_clips + holes)
    table = Table(
        title=f"{options.fps} fps MJPEG for {options.seconds:g} s, recorder, engine and dashboard"
    )
    table.add_column("counted by")
    table.add_column("frames", justify="right")
    table.add_column("missing", justify="right")
    table.add_column("loss", justify="right")
    table.add_row("the program", str(captured), str(frames.missing), f"{by_counters:.2%}")
    table.add_row("the server", str(sent), str(max(0, sent - captured)), f"{by_server:.2%}")
    table.add_row("numbers in the clips", str(in_clips), str(holes), f"{by_pixels:.2%}")
    console = Console(width=None if sys.stdout.isatty() else 100)
    console.print(table)
    console.print(
        f"analysed {frames.analysed}, dropped {frames.dropped}; "
        f"events {dict(record.counts.events)}; exit code {code}"
    )
    return int(code != 0 or max(by_counters, by_server, by_pixels) >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
