"""The program as a user starts it: a child process, its lines with their times, its session."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.paths import PROGRAM

_ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def run_live(*flags: str, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), *flags]
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
    def start(cls, *flags: str) -> Self:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *flags],
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

    def wait_for(self, text: str, timeout_s: float = 90) -> float:
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


def session_of(output: Path) -> Path:
    (session,) = [path for path in output.iterdir() if path.is_dir()]
    return session


def counts_of(session: Path) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((session / "session.json").read_text("utf-8"))["counts"]
    return counts
