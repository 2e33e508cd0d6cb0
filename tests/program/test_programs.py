import subprocess
import sys

import pytest


def fleeting(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "realtime.programs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_names_every_program():
    shown = fleeting("--help")
    assert shown.returncode == 0
    for name in ("live", "train", "evaluate", "export", "face-model"):
        assert name in shown.stdout


def test_hands_flags_on():
    assert "--camera" in fleeting("live", "--help").stdout


@pytest.mark.parametrize("name", ["dance", "--bogus"])
def test_an_unknown_program_is_a_usage_error(name):
    assert fleeting(name).returncode == 2
