"""A tool that watches faces must not phone home: every socket of a run is traced."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.program.runs import PROGRAM

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_internet_socket_and_no_name_look_up(film, engine, tmp_path):
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=network", "-o", str(trace)]
    command += [sys.executable, str(PROGRAM), "--source", str(film), "--pace", "realtime"]
    command += ["--engine", str(engine), "--output", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "--dashboard", "none"],
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    if "ptrace" in done.stderr and done.returncode != 0:
        pytest.skip("this machine does not let a process be traced")
    assert done.returncode == 0, done.stderr
    calls = trace.read_text().splitlines()
    assert [c for c in calls if re.search(r"AF_INET|nscd|resolv", c)] == []
    assert [c for c in calls if "socketpair" in c]  # the trace did see the engine's pipe
