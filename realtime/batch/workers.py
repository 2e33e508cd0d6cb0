"""Runs the program on one video after another, some at once; none outlives this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from realtime.batch.parent import END_WITH_PARENT
from realtime.batch.videos import BatchFilm
from realtime.errors import NothingJudged
from realtime.recording.frames_csv import NAME as FRAMES
from realtime.recording.session_record import SessionOutcome

_ASK_TO_END = signal.SIGINT if os.name == "posix" else signal.SIGTERM
_LOOK_S = 0.5
_TAIL_BYTES = 4096  # of frames.csv; a row has some 200


class Workers:
    """Processes that analyse videos.

    Args:
        workers: at once.
        flags: for `fleeting live`.
    """

    def __init__(self, workers: int, flags: Sequence[str]) -> None:
        self._flags = flags
        self._pool = ThreadPoolExecutor(workers, "worker")
        self._running: dict[Path, subprocess.Popen[str]] = {}  # by output folder
        self._lock = threading.Lock()
        self._stopped = False

    def analyse(
        self, jobs: Iterable[tuple[BatchFilm, Path]]
    ) -> Iterator[tuple[BatchFilm, str] | None]:
        """For each (film, its output folder), as they are done: the film, and what went wrong.

        None twice a second, so that a caller can show how far they are.
        """
        waiting = {self._pool.submit(self._run, *job): job[0] for job in jobs}
        while waiting:
            done, _ = wait(waiting, _LOOK_S, FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
            if not done:
                yield None
        self._pool.shutdown()

    def frames(self) -> int:
        """Analysed so far by those that run."""
        with self._lock:
            outputs = list(self._running)
        return sum(map(_frames_of, outputs))

    def stop(self) -> None:
        """Ask those that run to end, as Ctrl-C does, and begin no other."""
        with self._lock:
            self._stopped = True
            for process in self._running.values():
                process.send_signal(_ASK_TO_END)
        self._pool.shutdown(cancel_futures=True)

    def _run(self, film: BatchFilm, output: Path) -> str:
        command = [
            *(sys.executable, "-m", "run_live", "--source", str(film.path.absolute())),
            *("--pace", "fast", "--dashboard", "none", "--output", str(output)),
            *(*self._flags, *film.flags),
        ]
        with self._lock:
            if self._stopped:
                return SessionOutcome.STOPPED.value
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,  # closed by the system when this process dies
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    env=os.environ | {"OMP_NUM_THREADS": "1", END_WITH_PARENT: "1"},
                    start_new_session=True,  # Ctrl-C reaches it through `stop`, once
                )
            except (OSError, ValueError) as error:
                return f"the program could not be started: {error}"
            self._running[output] = process
        assert process.stderr is not None
        with process.stderr:
            lines = [line.strip() for line in process.stderr if line.strip()][-20:]
        code = process.wait()
        with self._lock:
            del self._running[output]
        assert process.stdin is not None
        process.stdin.close()
        if code in (0, NothingJudged.exit_code):
            return ""
        own = [line for line in lines if line.startswith("fleeting: ")]
        return (own or lines or [f"it ended with code {code}"])[-1].removeprefix("fleeting: ")


def _frames_of(output: Path) -> int:
    """Frames in the table of the newest session below an output folder."""
    newest = max(output.glob(f"*/{FRAMES}"), default=None)
    if newest is None:
        return 0
    try:
        with newest.open("rb") as file:
            file.seek(max(0, newest.stat().st_size - _TAIL_BYTES))
            *_, last, _ = [b"", *file.read().split(b"\n")]
        return int(last.split(b",")[0]) + 1
    except (OSError, ValueError):
        return 0
