"""How a run ends: by signals, by the clock; without output, memory or a library."""

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from realtime.batch.table import write_table
from realtime.motion.regions import REGIONS
from realtime.recording.session import open_session
from realtime.spotting.person_profile import Profile, save_profile
from tests.paths import PROGRAM, ROOT
from tests.program.runs import CONSENT, Running, session_of
from tests.servers import MjpegServer

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]

CTRL_S = b"\x13"
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
        run.wait_for(" FILM")
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


def _pipe_without_reader() -> None:
    read, write = os.pipe()
    os.close(read)
    os.dup2(write, 1)


@pytest.mark.parametrize("before", [lambda: os.close(1), _pipe_without_reader])
def test_without_standard_output_it_records_to_the_end(before, quick, tmp_path):
    done = ended(*quick, before=before)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert open_session(session_of(tmp_path / "out")).record.ended.reason.value == "the time was up"


def test_a_halted_terminal_halts_nothing_else(jpegs, tmp_path):
    """Ctrl-S before the first line, the source waited for and lost: no line is taken."""
    master, slave = pty.openpty()
    os.write(master, CTRL_S)
    with MjpegServer(30, pictures=jpegs) as server:
        command = [
            *(sys.executable, str(PROGRAM), "--source", server.url, "--engine", "none"),
            *("--output", str(tmp_path), "--dashboard", "plain", "--seconds", "12", *CONSENT),
            *("--wait", "60"),
        ]
        server.stop()
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=ENVIRONMENT
        )
        try:
            time.sleep(5)  # so that it says what it waits for
            server.start()
            frames = _rows_after(process, tmp_path, 0)
            server.stop()
            server.start()
            assert _rows_after(process, tmp_path, frames) > frames
            assert process.wait(HANG_S) in (0, 8)
        finally:
            process.kill()
            process.wait()
            os.close(slave)
            os.close(master)
    assert open_session(session_of(tmp_path)).record.ended is not None


def _rows_after(process: subprocess.Popen[bytes], output: Path, count: int) -> int:
    """Bytes of the table of frames, when they have become more."""
    deadline, code = time.monotonic() + HANG_S, None
    while code is None and time.monotonic() < deadline:
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(0.1)
        size = sum(path.stat().st_size for path in output.rglob("frames.csv"))
        if size > count:
            return size
    raise AssertionError(f"no more frames were analysed; ended with {code}")


def test_with_a_gigabyte_of_memory_it_ends_with_a_sentence(quick):
    gigabyte = 1_000_000_000
    done = ended(
        *quick, before=lambda: resource.setrlimit(resource.RLIMIT_AS, (gigabyte, gigabyte))
    )
    assert done.returncode in (0, 1)
    if done.returncode:
        assert "memory" in sentence(done)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 1.5 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", folder])
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_full_at_the_end_is_one_sentence_and_code_6(jpegs, small_disk):
    with MjpegServer(30, pictures=jpegs) as server:
        run = Running.start(
            *("--source", server.url, "--dashboard", "plain", "--engine", "none"),
            *("--output", str(small_disk), "--seconds", "8"),
        )
        try:
            run.wait_for(" LIVE")
            free = os.statvfs(small_disk)
            (small_disk / "other").write_bytes(bytes(free.f_bavail * free.f_frsize))
            run.wait_for("no room left on the disk", HANG_S)
            assert run.process.wait(HANG_S) == 6
        finally:
            run.end()
    assert "no room left on the disk" in run.lines[-1][1]
    assert not [line for _, line in run.lines if "Traceback" in line]
    # what was written before is whole
    assert json.loads((session_of(small_disk) / "session.json").read_text("utf-8"))


def test_shared_memory_that_cannot_be_written_is_one_sentence_and_code_5(film):
    """In a name space of its own, where /dev/shm is read-only."""
    words = [sys.executable, PROGRAM, "--source", film, "--no-record", "--dashboard", "none"]
    script = 'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=240,
        env=ENVIRONMENT,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no name space may be made here")
    assert done.returncode == 5
    assert "--engine none" in sentence(done)


def test_a_home_that_cannot_be_written_is_one_sentence(film):
    environment = {k: v for k, v in ENVIRONMENT.items() if k != "XDG_CACHE_HOME"}
    done = ended(
        *("--source", film, "--no-record", "--dashboard", "none", "--engine", "none"),
        env=environment | {"HOME": "/proc/nowhere"},
    )
    assert done.returncode == 4
    assert "XDG_CACHE_HOME" in sentence(done)


def test_without_home_it_runs(quick):
    environment = {k: v for k, v in ENVIRONMENT.items() if k != "HOME"}
    assert ended(*quick, env=environment).returncode == 0


def test_a_profile_and_the_table_of_a_batch_are_their_owners_alone(tmp_path):
    """With a umask that takes nothing away."""
    before = os.umask(0)
    try:
        profile = Profile("me", 1.0, ((0.1, 0.1),) * len(REGIONS), 10.0, 30.0, "digest")
        save_profile(tmp_path / "profiles" / "me.json", profile)
        write_table(tmp_path / "out" / "archive.csv", ())
    finally:
        os.umask(before)
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_without_libgl_it_says_what_to_install(quick, tmp_path):
    fake = tmp_path / "without" / "cv2"
    fake.mkdir(parents=True)
    fault = "libGL.so.1: cannot open shared object file: No such file or directory"
    (fake / "__init__.py").write_text(f"raise ImportError({fault!r})\n")
    environment = ENVIRONMENT | {"PYTHONPATH": f"{fake.parent}{os.pathsep}{ROOT}"}
    done = ended(*quick, env=environment)
    assert done.returncode == 1
    assert "libgl1" in sentence(done)
