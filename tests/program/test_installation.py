"""The program outside its folder: the wheel, by uv and pipx, and the steps of the Dockerfile."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]

BIN = Path(sys.executable).parent
HANG_S = 600
PACKAGES = ("realtime", "model", "calibration")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def run(*words, cwd, **environment):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env.setdefault("UV_SYSTEM_CERTS", "1")  # as pip does: a registry may be behind one's own
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**env, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """What is installed from, without history or earlier builds."""
    folder = tmp_path_factory.mktemp("sources")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "run_live.py", "constraints.txt", "README.md"):
        shutil.copy(ROOT / name, folder)
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(sources, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(BIN / "uv", "build", "--wheel", "--out-dir", folder, sources, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_has_every_file_of_the_packages(wheel, sources):
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    there = {p for name in PACKAGES for p in (sources / name).rglob("*") if p.is_file()}
    assert {p.relative_to(sources).as_posix() for p in there} <= packed


def test_installed_by_uv_it_analyses_outside_its_folder(wheel, tmp_path):
    uv = {"UV_TOOL_DIR": tmp_path / "tools", "UV_TOOL_BIN_DIR": tmp_path / "bin"}
    constraints = ("--constraints", ROOT / "constraints.txt")
    run(
        *(BIN / "uv", "tool", "install", "--python", sys.executable, *constraints, wheel),
        cwd=tmp_path,
        **uv,
    )
    program = tmp_path / "bin" / "fleeting"
    run(
        *(program, "demo", "--seconds", "9", "--pace", "fast", "--dashboard", "none"),
        *("--output", tmp_path / "out"),
        cwd=tmp_path,
    )
    assert list((tmp_path / "out").rglob("events.jsonl"))
    told = run(program, "doctor", cwd=tmp_path)
    assert re.search(r"missing\s+openvino-f32", told)
    assert "uv pip install --python" in told  # uv's environments have no pip


def test_installed_by_pipx_it_runs(wheel, tmp_path):
    folders = {"PIPX_HOME": tmp_path / "home", "PIPX_BIN_DIR": tmp_path / "bin"}
    arguments = ("--python", sys.executable, f"--pip-args=--constraint={ROOT / 'constraints.txt'}")
    run(BIN / "pipx", "install", *arguments, wheel, cwd=tmp_path, **folders)
    assert run(tmp_path / "bin" / "fleeting", "--version", cwd=tmp_path).startswith("fleeting ")


def test_the_steps_of_the_dockerfile_install_a_program_that_needs_no_windows(
    sources, landmark_model, tmp_path
):
    prefix = tmp_path / "opt"
    stage = DOCKERFILE.split("\nFROM cpu AS gpu")[0].replace("\\\n", " ")
    steps = re.findall(r"^RUN (.+)$", stage, re.MULTILINE)
    environment = {"PREFIX": prefix, "XDG_CACHE_HOME": prefix / "cache"}
    model = prefix / "cache" / "fleeting" / "face_landmarker.task"
    for step in steps:
        if "face-model" in step:  # fetched for all tests together
            model.parent.mkdir(parents=True)
            shutil.copy(landmark_model, model)
        run(
            "sh",
            "-ec",
            step.replace("python -m venv", f"{sys.executable} -m venv"),
            cwd=sources,
            **environment,
        )
    modules = run(
        prefix / "bin" / "python",
        "-c",
        "import cv2; print(cv2.getBuildInformation())",
        cwd=tmp_path,
    )
    assert re.search(r"GUI:\s+NONE", modules)
    told = run(prefix / "bin" / "fleeting", "doctor", cwd=tmp_path, **environment)
    assert "opencv-python-headless" in told
