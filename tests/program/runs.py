"""The program as a user starts it: a child process, its lines with their times, its session."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.paths import PROGRAM

CONSENT = ("--consent", str(Path(__file__).with_name("consent.toml")))
_ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
HANG_S = 300.0  # only a hang reaches it


def with_consent(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Of a stream nothing is kept without consent."""
    live = any("://" in flag for flag in flags)
    return (*flags, *CONSENT) if live and "--consent" not in flags else flags


def run_live(*flags: str, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), *with_consent(flags)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout_s, env=_ENVIRONMENT
    )


@dataclass
class Running:
    """A run in the background whose output lines come with the time they were printed."""

    process: subprocess.Popen[str]
    lines: list[tuple[float, str]] = field(default_factory=list)
    _queue: queue.Queue[tuple[float, str]] = field(default_factory=queue.Queue)
    _reader: threading.Thread = field(default_factory=threading.Thread)

    @classmethod
    def start(cls, *flags: str, consented: bool = True, stdin: int | None = None) -> Self:
        """`consented`: with a consent entry, where the source is a stream."""
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *(with_consent(flags) if consented else flags)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_ENVIRONMENT,
            # a shell starts what runs in the background deaf to Ctrl-C
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        run = cls(process)
        run._reader = threading.Thread(target=run._read, daemon=True)
        run._reader.start()
        return run

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put((time.monotonic(), line.rstrip()))

    def wait_for(self, text: str, timeout_s: float = HANG_S) -> float:
        """When a line with `text` was printed, from here on; fails if none comes."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                at, line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                shown = "\n".join(line for _, line in self.lines)
                raise AssertionError(f"{text!r} was not printed; what was:\n{shown}") from None
            self.lines.append((at, line))
            if text in line:
                return at

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        self._reader.join(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def starter(output: Path, *always: str) -> Iterator[Callable[..., Running]]:
    """A way to start the program on a source, with a plain dashboard; what still runs is ended."""
    runs = []

    def start(source: str, *flags: str) -> Running:
        run = Running.start(
            *("--source", source, "--dashboard", "plain", "--output", str(output)), *always, *flags
        )
        runs.append(run)
        return run

    yield start
    for run in runs:
        run.end()


def analyse(film: Path, engine: Path, output: Path) -> Path:
    """The session of a film that is analysed to its end."""
    fast = ("--pace", "fast", "--dashboard", "plain")
    done = run_live(
        *("--source", str(film), *fast, "--engine", str(engine), "--output", str(output))
    )
    assert done.returncode == 0, done.stderr
    return session_of(output)


def session_of(output: Path) -> Path:
    (session,) = [path for path in output.iterdir() if path.is_dir()]
    return session


def counts_of(session: Path) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((session / "session.json").read_text("utf-8"))["counts"]
    return counts


def pictures_in(text: str) -> list[str]:
    """Where a text could hold a picture: runs of base64 or hexadecimal, and printed arrays."""
    found = re.findall(r"[A-Za-z0-9+/=_-]{201,}|\barray\(\s*\[|\[\[[\s\d.,-]{3}", text)
    return [each[:60] for each in found]
