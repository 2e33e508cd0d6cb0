"""The layers: a package imports only packages below it, by a statement or by a name in a string."""

import ast
import re
import subprocess
import sys

import pytest

from tests.paths import ROOT

# Lowest first; what shares a row does not import its neighbours.
REALTIME = (
    ("errors", "extras", "limits", "memory", "outlet", "statistics", "user_folders"),
    ("atomic_file", "event"),
    ("encryption",),
    ("capture", "consent", "face"),
    ("motion",),
    ("spotting",),
    ("settings", "status"),
    ("engine",),
    ("recording",),
    ("dashboard", "demo"),
    ("export",),
    ("markers", "study"),
    ("report", "retention", "review"),
    ("analysis", "batch", "doctor"),
    ("guide", "pipeline"),
    ("app",),
    ("api", "cli"),
)
MODEL = (
    ("progress",),
    ("synthetic",),
    ("network", "spotting"),
    ("engine", "tables"),
    ("training",),
    ("datasets",),
    ("evaluation",),
    ("export_engine",),
    ("train", "train_verifier", "evaluate", "predict", "average_weights"),
    ("training_commands", "engine_commands"),
)
TOP = (("realtime",), ("model",), ("calibration",), ("benchmarks",), ("tests",))
_NAMES = re.compile(r"(?:realtime|model|calibration)(?:\.[a-z_0-9]+)+")
NOT_LIVE = {"torch", "mediapipe", "pickle"}
MODULES = sorted(
    path for top in ("realtime", "model", "calibration") for path in (ROOT / top).rglob("*.py")
)


def dotted(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part not in ("__init__", "__main__"))


def named(path):
    """Every module that a file names: in its imports, and in strings that are run or loaded."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        ):
            yield from _NAMES.findall(node.value)


def rank(rows, name):
    return next((k for k, row in enumerate(rows) if name in row), None)


def is_module(name):
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_package_imports_only_what_is_below_it(path):
    own = dotted(path).split(".")
    for name in filter(is_module, named(path)):
        other = name.split(".")
        assert rank(TOP, other[0]) <= rank(TOP, own[0]), f"{own} names {name}"
        rows = {"realtime": REALTIME, "model": MODEL}.get(own[0])
        if other[0] != own[0] or rows is None or len(own) < 2 or len(other) < 2:
            continue
        if own[1] != other[1]:
            assert rank(rows, other[1]) < rank(rows, own[1]), f"{dotted(path)} names {name}"


def test_a_class_name_is_unique():
    found = {}
    for path in (*MODULES, *sorted((ROOT / "benchmarks").rglob("*.py"))):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(dotted(path))
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


@pytest.mark.parametrize("top", ["realtime", "model"])
def test_every_package_has_its_place_in_the_order(top):
    rows = {"realtime": REALTIME, "model": MODEL}[top]
    there = {dotted(path).split(".")[1] for path in MODULES if dotted(path).startswith(f"{top}.")}
    assert there == {name for row in rows for name in row}


@pytest.mark.parametrize(
    "path", [p for p in MODULES if dotted(p).startswith("realtime")], ids=dotted
)
def test_the_live_path_needs_no_training_library(path):
    assert {name.split(".")[0] for name in named(path)} & NOT_LIVE == set()


@pytest.mark.parametrize(
    "name",
    [
        "capture/ring_buffer",
        "spotting/timeline",
        "spotting/onset",
        "spotting/apex",
        "spotting/rejection_rules",
    ],
)
def test_the_spotter_s_arithmetic_needs_only_numpy(name):
    allowed = set(sys.stdlib_module_names) | {"numpy", "numba", "realtime"}
    path = ROOT / "realtime" / f"{name}.py"
    assert {imported.split(".")[0] for imported in named(path)} <= allowed


def test_starting_the_program_imports_no_torch():
    code = "import sys, realtime.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120).returncode == 0
