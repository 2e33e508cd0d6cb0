"""Plans are refused before TensorRT sees them; graphs are built without a GPU by tensorrt-rtx."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from realtime.engine.backends import HALF, INT8
from realtime.engine.folder import NETWORK, EngineFolder, default_engine
from realtime.engine.runtimes import tensorrt_plan
from realtime.engine.runtimes.tensorrt_plan import build, cached_plan, read_plan, write_plan
from realtime.errors import EngineMismatch, EngineUntrusted

MADE_FOR = {"network": "0" * 64, "gpu": "some", "driver": 13000}
PLAN = bytes(range(256)) * 40


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tensorrt_plan.cache_folder()


@pytest.fixture
def path(cache):
    path = cache / "a.plan"
    write_plan(path, MADE_FOR, PLAN)
    return path


def test_a_plan_comes_back_as_it_was(path):
    assert read_plan(path, MADE_FOR) == PLAN
    assert path.stat().st_mode & 0o777 == 0o600
    assert (path.parent / "plan.key").stat().st_mode & 0o777 == 0o600


def test_a_thousand_damaged_plans_are_refused(path):
    sound, random = path.read_bytes(), np.random.default_rng(0)
    for number in range(1000):
        damaged = bytearray(sound)
        if number % 3 == 0:
            del damaged[random.integers(len(damaged)) :]
        elif number % 3 == 1:
            damaged[random.integers(len(damaged))] ^= 1 << int(random.integers(8))
        else:
            damaged += random.bytes(int(random.integers(1, 50)))
        path.write_bytes(damaged)
        with pytest.raises(EngineUntrusted):
            read_plan(path, MADE_FOR)
    path.write_bytes(sound)
    assert read_plan(path, MADE_FOR) == PLAN


@pytest.mark.parametrize("content", [b"", b"fleeting plan 1\n", bytes(1000)])
def test_what_is_no_plan_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(EngineUntrusted):
        read_plan(path, MADE_FOR)


def test_a_plan_for_another_gpu_is_refused(path):
    with pytest.raises(EngineUntrusted, match="another network, GPU or version"):
        read_plan(path, {**MADE_FOR, "gpu": "other"})


def test_a_plan_sealed_with_another_key_is_refused(path):
    (path.parent / "plan.key").write_bytes(bytes(32))
    with pytest.raises(EngineUntrusted, match="not made by this user"):
        read_plan(path, MADE_FOR)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners here")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_plan_others_may_write_is_refused(path, mode):
    path.chmod(mode)
    with pytest.raises(EngineUntrusted, match="written by others"):
        read_plan(path, MADE_FOR)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_a_plan_of_another_user_is_refused(path):
    os.chown(path, 12345, 12345)
    with pytest.raises(EngineUntrusted, match="another user"):
        read_plan(path, MADE_FOR)


def test_a_plan_is_built_once_and_again_when_it_is_damaged(cache, caplog):
    built = []

    def make():
        built.append(1)
        return PLAN

    assert cached_plan(MADE_FOR, make) == cached_plan(MADE_FOR, make) == PLAN
    assert len(built) == 1
    (plan,) = cache.glob("*.plan")
    plan.write_bytes(plan.read_bytes()[:-1])
    assert cached_plan(MADE_FOR, make) == PLAN
    assert len(built) == 2
    assert "built again" in caplog.text
    assert cached_plan({**MADE_FOR, "driver": 1}, make) == PLAN
    assert len(built) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", [NETWORK, HALF, INT8])
def test_tensorrt_reads_and_builds_the_shipped_graph(name):
    trt = pytest.importorskip("tensorrt_rtx")
    folder = EngineFolder.load(default_engine())
    if name not in folder.files:
        pytest.skip(f"the shipped engine has no {name}")
    steps = []
    plan = build(trt, folder.read(name), lambda *step: steps.append(step))
    assert len(plan) > 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", [NETWORK, HALF])
def test_polygraphy_finds_no_part_that_tensorrt_lacks(name):
    pytest.importorskip("tensorrt_rtx")
    polygraphy = shutil.which("polygraphy", path=Path(sys.executable).parent)
    if polygraphy is None:
        pytest.skip("polygraphy is not installed")
    path = EngineFolder.load(default_engine()).path / name
    said = subprocess.run(
        [polygraphy, "inspect", "capability", str(path)],
        env={**os.environ, "POLYGRAPHY_USE_TENSORRT_RTX": "1"},
        capture_output=True,
        text=True,
    )
    assert "Graph is fully supported by TensorRT" in said.stdout + said.stderr


@pytest.mark.slow
def test_a_damaged_graph_is_a_mismatch_that_says_why():
    trt = pytest.importorskip("tensorrt_rtx")
    network = EngineFolder.load(default_engine()).network
    with pytest.raises(EngineMismatch, match="does not read"):
        build(trt, network[: len(network) // 2])
