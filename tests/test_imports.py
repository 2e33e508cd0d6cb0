"""The rooms' walls: what the live path may import, and what it must not."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "realtime").rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_realtime_builds_on_nothing_above_it(path):
    assert imported(path) & {"torch", "model", "calibration", "mediapipe", "pickle"} == set()


@pytest.mark.parametrize("name", ["ring_buffer", "timeline", "onset", "apex", "gates"])
def test_the_spotter_s_arithmetic_needs_only_numpy(name):
    allowed = set(sys.stdlib_module_names) | {"numpy", "numba", "realtime"}
    assert imported(ROOT / "realtime" / f"{name}.py") <= allowed


def test_starting_the_program_imports_no_torch():
    code = "import sys, realtime.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120).returncode == 0
