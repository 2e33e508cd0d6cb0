"""The real program as a child process, watched from outside: its lines, memory, threads, files.

Used by the benchmarks of load and of soaking.  Linux: figures come from /proc.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
_MB = 1024 * 1024
CONSENT = """\
[[consent]]
who = "all"
given = 2026-01-01
what_for = "figures of this program, from its built-in portrait"
until = 2099-12-31
on_withdrawal = "keep"
"""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of the program and the processes it has started, at one moment."""

    t_s: float  # monotonic
    rss_mb: float
    threads: int
    descriptors: int


class WatchedRun:
    """`run_live.py` on an address, in a `with`; killed at its end if it is still there.

    Args:
        url: of the stream.
        folder: for the session and the consent entry.
    """

    def __init__(self, url: str, folder: Path, *flags: str) -> None:
        self.output = folder / "sessions"
        consent = folder / "consent.toml"
        consent.write_text(CONSENT, "utf-8")
        self._command = [sys.executable, str(ROOT / "run_live.py"), "--source", url]
        self._command += ["--dashboard", "plain", "--output", str(self.output)]
        self._command += ["--consent", str(consent), *flags]
        self.lines: list[tuple[float, str]] = []  # monotonic time it came, text

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
            # a shell starts what runs in the background deaf to Ctrl-C
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip()))

    def wait_for(self, text: str, timeout_s: float) -> float:
        """When a line with `text` came.  Raises RuntimeError: the run ended, or none came."""
        deadline, seen = time.monotonic() + timeout_s, 0
        while time.monotonic() < deadline:
            over = self.process.poll() is not None
            for at, line in self.lines[seen:]:
                seen += 1
                if text in line:
                    return at
            if over:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{text!r} was not printed:\n{self.text()}")

    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def footprint(self) -> Footprint | None:
        """None once it has ended."""
        rss_mb = 0.0
        threads = descriptors = 0
        for pid in _family(self.process.pid):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                fields = dict(x.split(":", 1) for x in status.splitlines() if ":" in x)
                rss_mb += int(fields["VmRSS"].split()[0]) * 1024 / _MB
                threads += int(fields["Threads"])
                descriptors += len(os.listdir(f"/proc/{pid}/fd"))
            except (OSError, KeyError):
                continue  # it has just ended
        return Footprint(time.monotonic(), rss_mb, threads, descriptors) if rss_mb else None

    def session(self) -> Path:
        (session,) = [path for path in self.output.iterdir() if path.is_dir()]
        return session

    def counts(self) -> dict[str, Any]:
        """`counts` of its session.json, once it has ended."""
        record = json.loads((self.session() / "session.json").read_text("utf-8"))
        counts: dict[str, Any] = record["counts"]
        return counts


def _family(pid: int) -> list[int]:
    """A process and all it has started."""
    family = [pid]
    for parent in family:
        try:
            tasks = os.listdir(f"/proc/{parent}/task")
            for task in tasks:
                children = Path(f"/proc/{parent}/task/{task}/children").read_text()
                family += [int(child) for child in children.split()]
        except OSError:
            continue
    return family
