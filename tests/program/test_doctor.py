"""The doctor on this machine and on one that lacks things."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from realtime import extras
from realtime.cli.system import doctor
from realtime.doctor.check import CheckResult
from realtime.doctor.checks import examine
from realtime.engine.backends import backends
from realtime.engine.folder import default_engine
from realtime.extras import install_command
from tests.paths import PROGRAM, ROOT


def found(engine=None, output=None, *, what, tmp_path):
    return [f for f in examine(engine, output or tmp_path) if f.what == what]


def test_it_says_what_runs_here(landmark_model, capsys):
    assert doctor.run([]) == 0
    shown = capsys.readouterr().out
    for what in ("processor", "camera", "face model", "verifier", "engine", "runs on", "torch-f32"):
        assert what in shown


def test_a_damaged_engine_must_be_mended(tmp_path, capsys):
    engine = shutil.copytree(default_engine(), tmp_path / "engine")
    (engine / "model.onnx").write_bytes(b"")
    (finding,) = found(engine, what="engine", tmp_path=tmp_path)
    assert finding.result is CheckResult.MISSING
    assert finding.needed
    assert "exported" in finding.found
    assert doctor.run(["--engine", str(engine)]) == 1


def test_an_absent_face_model_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (finding,) = found(what="face model", tmp_path=tmp_path)
    assert "fleeting face-model" in finding.advice


def test_a_damaged_face_model_is_not_replaced_by_looking(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = tmp_path / "fleeting" / "face_landmarker.task"
    model.parent.mkdir()
    model.write_bytes(b"no model")
    (finding,) = found(what="face model", tmp_path=tmp_path)
    assert finding.result is CheckResult.MISSING
    assert finding.needed
    assert model.read_bytes() == b"no model"


@pytest.mark.parametrize("name", ["tensorrt-f16", "openvino-f32"])
def test_a_backend_that_cannot_run_says_why(name, tmp_path):
    (finding,) = found(what=f"  {name}", tmp_path=tmp_path)
    ran = re.fullmatch(r"can run, \d+ ms", finding.found)
    assert bool(ran) == (finding.result is CheckResult.OK)
    assert ran or "install" in finding.found or "GPU" in finding.found


def test_a_source_is_watched_for_its_rate_and_light(landmark_model, film, capsys):
    assert doctor.run(["--source", str(film)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"picture .*30\.0 frames a second; a face of \d+ px IOD", said)


def test_what_is_missing_is_installed_by_naming_packages(monkeypatch):
    assert "pip install 'pylsl" in install_command("labs")

    def without_pip(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(extras, "version", without_pip)
    assert install_command("labs").startswith("uv pip install --python ")


RUNTIME = """
from pathlib import Path
from realtime.engine.runtimes.onnxruntime import OnnxRuntimeSession
from realtime.errors import EngineError

PLAN = Path({plan!r})

def is_built(folder, backend):
    return PLAN.exists()

def open_session(folder, backend, threads, progress):
    if not PLAN.exists():
        for step in range(3):
            progress(f"building a plan, step {{step}}")
        {then}
        PLAN.touch()
    return OnnxRuntimeSession(backend.name, folder.network, threads)
"""


@pytest.fixture
def runtime_that_builds(tmp_path, monkeypatch):
    """Registers one, as TensorRT is: it makes a plan once, and keeps it."""

    def register(then="pass"):
        about = tmp_path / "site" / "building-1.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: building\nVersion: 1\n")
        (about / "entry_points.txt").write_text("[fleeting.runtimes]\nbuilding-f32 = building\n")
        plan = tmp_path / "plan"
        code = RUNTIME.format(plan=str(plan), then=then)
        (tmp_path / "site" / "building.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        backends.cache_clear()
        return plan

    yield register
    backends.cache_clear()


def test_the_engine_is_built_ahead_with_its_progress(
    landmark_model, engine, runtime_that_builds, tmp_path, capsys
):
    plan = runtime_that_builds()
    (other,) = found(engine, what="  building-f32", tmp_path=tmp_path)
    assert "not built yet: fleeting doctor --build-engine --backend building-f32" in other.found
    assert not plan.exists()  # looking builds nothing
    build = ["--build-engine", "--engine", str(engine), "--backend", "building"]
    assert doctor.run(build) == 0
    shown = capsys.readouterr()
    assert "building a plan, step" in shown.err
    assert "its plan for this machine is kept" in " ".join(shown.out.split())
    assert plan.exists()
    assert doctor.run(build) == 0
    shown = capsys.readouterr()
    assert "building a plan" not in shown.err
    assert "loads as it is" in " ".join(shown.out.split())


def test_an_engine_that_cannot_be_built_says_why(
    landmark_model, engine, runtime_that_builds, capsys
):
    runtime_that_builds(then="raise EngineError('the GPU answers no')")
    build = ["--build-engine", "--engine", str(engine), "--backend", "building"]
    assert doctor.run(build) == 1
    assert "the GPU answers no" in " ".join(capsys.readouterr().out.split())


def test_a_run_that_must_build_first_says_how_far_it_is(
    film, landmark_model, engine, runtime_that_builds, tmp_path
):
    plan = runtime_that_builds(then="import time; time.sleep(5)")
    done = subprocess.run(
        [
            *(sys.executable, str(PROGRAM), "--source", str(film), "--seconds", "6"),
            *("--dashboard", "plain", "--output", str(tmp_path / "out")),
            *("--engine", str(engine), "--backend", "building"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(plan.parent / "site")))},
    )
    assert done.returncode in (0, 8), done.stderr
    assert "engine building-f32 loading: building a plan, step" in done.stdout


def test_on_a_processor_the_kernels_are_what_is_built(landmark_model, engine, capsys):
    assert doctor.run(["--build-engine", "--engine", str(engine)]) == 0
    shown = capsys.readouterr()
    assert "loading the engine, onnxruntime-f32" in shown.err
    assert "the kernels are compiled" in " ".join(shown.out.split())
