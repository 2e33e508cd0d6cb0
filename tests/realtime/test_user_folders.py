"""Compiled kernels follow their sources, and a place that cannot be written does not stop them."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.user_folders import kernel_digest
from tests.paths import ROOT

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # linux/prctl.h, linux/capability.h
KERNEL = """
import os
import numpy as np
import numba
from realtime.motion.quantiles import quantile

@numba.njit(nogil=True, cache=True)
def median(values):
    return quantile(values, 0.5)

if __name__ == "__main__":
    print(os.environ["NUMBA_CACHE_DIR"], median(np.arange(5.0)))
"""


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


@pytest.fixture
def package(tmp_path):
    """A copy of the program with one more kernel, which calls a function of another file."""
    copy = tmp_path / "copy" / "realtime"
    shutil.copytree(ROOT / "realtime", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "motion" / "median.py").write_text(KERNEL)
    return copy


def obey_permissions():
    """Root may write whatever is read-only; a child that drops CAP_DAC_OVERRIDE may not."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)


def run(package, **environment):
    """(where its kernels are, what the kernel answers) of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "realtime.motion.median"],
        cwd=package.parent,
        env={"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        preexec_fn=obey_permissions,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    place, answer = done.stdout.split()
    return Path(place), float(answer)


@pytest.fixture
def read_only(package):
    """The same where nothing can be written."""
    folders = [package.parent, package, *(p for p in package.rglob("*") if p.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield package
    for folder in folders:
        folder.chmod(0o755)


def test_a_kernel_sees_a_change_in_a_function_of_another_file(package, tmp_path):
    first, answer = run(package, XDG_CACHE_HOME=str(tmp_path))
    assert answer == 2.0
    assert first.is_relative_to(tmp_path / "fleeting")
    assert list(first.rglob("*median*.nbc"))
    helper = package / "motion" / "quantiles.py"
    helper.write_text(helper.read_text().replace("return found", "return found + 40.0"))
    second, answer = run(package, XDG_CACHE_HOME=str(tmp_path))
    assert answer == 42.0
    assert second != first


def test_only_what_kernels_are_made_of_counts(package):
    before = kernel_digest(package)
    with (package / "doctor.py").open("a") as file:
        file.write("# a word\n")
    assert kernel_digest(package) == before
    # no kernel, but the constants of some
    with (package / "motion" / "regions.py").open("a") as file:
        file.write("# a word\n")
    assert kernel_digest(package) != before


@pytest.mark.parametrize("home", ["", "motion/median.py"])
def test_a_read_only_installation_and_home(read_only, tmp_path, home):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    places = {"HOME": str(read_only / home), "TMPDIR": str(temporary)}
    answers = [run(read_only, **places) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0][0].is_relative_to(temporary)
    assert answers[0][1] == 2.0


def test_without_a_home_in_the_environment(read_only):
    place, answer = run(read_only)
    shutil.rmtree(place)
    assert answer == 2.0
