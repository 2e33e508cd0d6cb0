"""How a run ends: by signals, by the clock; without output, memory or a library."""

import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from realtime.recording.session import open_session
from tests.paths import PROGRAM, ROOT
from tests.program.runs import Running, session_of
from tests.servers import MjpegServer

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]

HANG_S = 120.0  # catches a hang; says nothing about speed
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def ended(*flags, before=None, **more) -> subprocess.CompletedProcess[str]:
    """A run to its end; `before` is done in the child."""
    return subprocess.run(
        [sys.executable, str(PROGRAM), *map(str, flags)],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENVIRONMENT, **more},
        text=True,
        timeout=240,
        preexec_fn=before,
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one that the program ends with."""
    assert "Traceback" not in done.stderr, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("fleeting: ")]
    return lines[-1].removeprefix("fleeting: ")


@pytest.fixture
def quick(film, tmp_path):
    """Flags of a short run with a session."""
    return (
        *("--source", film, "--pace", "fast", "--seconds", "5", "--dashboard", "plain"),
        *("--engine", "none", "--output", tmp_path / "out"),
    )


def test_under_nohup_a_hang_up_does_not_end_it(film, tmp_path):
    before = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup leaves it to its child
    try:
        run = Running.start(
            *("--source", str(film), "--dashboard", "plain", "--engine", "none"),
            *("--output", str(tmp_path), "--seconds", "6"),
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    try:
        run.wait_for(" LIVE")
        run.process.send_signal(signal.SIGHUP)
        assert run.process.wait(HANG_S) in (0, 8)
    finally:
        run.end()
    assert open_session(session_of(tmp_path)).record.ended.reason.value == "the time was up"


def test_a_second_signal_ends_it_at_once_with_130(jpegs, tmp_path):
    with MjpegServer(30, pictures=jpegs) as server:
        run = Running.start(
            *("--source", server.url, "--dashboard", "plain", "--engine", "none"),
            *("--output", str(tmp_path)),
        )
        try:
            run.wait_for(" LIVE")
            run.process.send_signal(signal.SIGTERM)
            run.process.send_signal(signal.SIGINT)
            assert run.process.wait(HANG_S) in (0, 8, 130)  # not 130: it had ended by then
        finally:
            run.end()


def test_a_signal_while_it_opens_ends_it(tmp_path):
    with MjpegServer(30, silent=True) as server:
        run = Running.start("--source", server.url, "--output", str(tmp_path))
        try:
            deadline = time.monotonic() + HANG_S
            while not Path(f"/proc/{run.process.pid}/task").exists() or not _has_signals(run):
                assert time.monotonic() < deadline
            run.process.send_signal(signal.SIGINT)
            assert run.process.wait(HANG_S) in (130, 3)
        finally:
            run.end()


def _has_signals(run: Running) -> bool:
    """Whether the program handles Ctrl-C itself by now."""
    status = Path(f"/proc/{run.process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def test_the_time_is_up_while_the_source_is_lost(jpegs, tmp_path):
    with MjpegServer(30, pictures=jpegs) as server:
        run = Running.start(
            *("--source", server.url, "--dashboard", "plain", "--engine", "none"),
            *("--output", str(tmp_path), "--seconds", "6"),
        )
        try:
            run.wait_for(" LIVE")
            server.stop()
            run.wait_for(" LOST")
            assert run.process.wait(HANG_S) in (0, 8)
        finally:
            run.end()
    assert open_session(session_of(tmp_path)).record.ended.reason.value == "the time was up"


def test_without_standard_output_it_records_to_the_end(quick, tmp_path):
    done = ended(*quick, before=lambda: os.close(1))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert open_session(session_of(tmp_path / "out")).record.ended.reason.value == "the time was up"


def test_a_halted_terminal_halts_nothing_else(jpegs, tmp_path):
    """Ctrl-S while the source is lost: nothing is read of what the program prints."""
    master, slave = pty.openpty()
    with MjpegServer(30, pictures=jpegs) as server:
        command = [
            *(sys.executable, str(PROGRAM), "--source", server.url, "--engine", "none"),
            *("--output", str(tmp_path), "--dashboard", "plain", "--seconds", "12"),
        ]
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=ENVIRONMENT
        )
        try:
            os.read(master, 1000)
            os.write(master, b"\x13")  # Ctrl-S
            frames = _rows_after(tmp_path, 0)
            server.stop()
            server.start()
            assert _rows_after(tmp_path, frames) > frames
            assert process.wait(HANG_S) in (0, 8)
        finally:
            process.kill()
            process.wait()
            os.close(slave)
            os.close(master)
    assert open_session(session_of(tmp_path)).record.ended is not None


def _rows_after(output: Path, count: int) -> int:
    """Bytes of the table of frames, when they have become more."""
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        size = sum(path.stat().st_size for path in output.rglob("frames.csv"))
        if size > count:
            return size
        time.sleep(0.1)
    raise AssertionError("no more frames were analysed")


def test_with_a_gigabyte_of_memory_it_ends_with_a_sentence(quick):
    gigabyte = 1_000_000_000
    done = ended(
        *quick, before=lambda: resource.setrlimit(resource.RLIMIT_AS, (gigabyte, gigabyte))
    )
    assert done.returncode in (0, 1)
    if done.returncode:
        assert "memory" in sentence(done)


def test_without_libgl_it_says_what_to_install(quick, tmp_path):
    fake = tmp_path / "without" / "cv2"
    fake.mkdir(parents=True)
    fault = "libGL.so.1: cannot open shared object file: No such file or directory"
    (fake / "__init__.py").write_text(f"raise ImportError({fault!r})\n")
    environment = ENVIRONMENT | {"PYTHONPATH": f"{fake.parent}{os.pathsep}{ROOT}"}
    done = ended(*quick, env=environment)
    assert done.returncode == 1
    assert "libgl1" in sentence(done)
