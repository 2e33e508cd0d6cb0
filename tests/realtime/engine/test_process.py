"""A real child process that is asked, killed, stopped and orphaned."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import psutil
import pytest

from realtime.engine.process import EngineProcess, EngineState
from tests.realtime.engine.tiny_engine import write_engine

PAIR = np.random.default_rng(0).random((2, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_engine(tmp_path_factory.mktemp("engine") / "tiny")


def child_of(engine: EngineProcess) -> psutil.Process:
    (child,) = [
        c for c in psutil.Process().children() if any("spawn_main" in part for part in c.cmdline())
    ]
    return child


def test_answers_as_the_session_does_every_time(folder):
    with EngineProcess(folder) as engine:
        assert engine.submit(1, PAIR)
        first = engine.wait(1)
        assert engine.submit(2, PAIR)
        second = engine.wait(2)
    assert first.failure is None
    assert first.classification == second.classification
    assert sum(first.classification.probabilities) == pytest.approx(1.0)
    assert first.classification.engine.startswith("onnxruntime-f32 ")
    assert first.displacement.shape == (2, 224, 224)


@pytest.mark.parametrize(("threshold", "doubted"), [(0.0, False), (1.0, True)])
def test_the_engines_own_threshold_says_what_it_doubts(tmp_path, threshold, doubted):
    engine_folder = write_engine(tmp_path / "engine", micro_threshold=threshold)
    with EngineProcess(engine_folder) as engine:
        assert engine.submit(1, PAIR)
        assert engine.wait(1).classification.doubted is doubted


@pytest.mark.fault
def test_a_killed_child_fails_what_is_pending_and_comes_back(folder):
    with EngineProcess(folder) as engine:
        engine.submit(1, PAIR)
        engine.wait(1)
        child = child_of(engine)
        child.send_signal(signal.SIGSTOP)
        engine.submit(2, PAIR)
        child.kill()
        failed = engine.wait(2)
        assert failed.classification is None
        assert failed.failure == "its process died"
        assert engine.submit(3, PAIR)
        assert engine.wait(3).failure is None
        assert engine.state is EngineState.READY
        assert engine.counts().restarted == 1


@pytest.mark.fault
def test_a_hung_child_is_replaced(folder, monkeypatch):
    monkeypatch.setattr("realtime.engine.process._HANG_S", 0.5)
    with EngineProcess(folder) as engine:
        engine.submit(1, PAIR)
        engine.wait(1)
        child_of(engine).send_signal(signal.SIGSTOP)
        engine.submit(2, PAIR)
        assert engine.wait(2).failure == "its process hangs"
        engine.submit(3, PAIR)
        assert engine.wait(3).failure is None


@pytest.mark.fault
def test_beyond_its_budget_it_is_given_up(folder):
    with EngineProcess(folder, restarts=1) as engine:
        for ticket in (1, 3):
            engine.submit(ticket, PAIR)
            engine.wait(ticket)
            child = child_of(engine)
            child.send_signal(signal.SIGSTOP)  # a death seen before the pair is sent costs nothing
            engine.submit(ticket + 1, PAIR)
            child.kill()
            assert engine.wait(ticket + 1).failure == "its process died"
        assert engine.state is EngineState.FAILED
        assert not engine.submit(9, PAIR)
        assert engine.counts().refused == 1


def test_a_full_queue_turns_pairs_away(folder):
    with EngineProcess(folder) as engine:
        taken = [engine.submit(ticket, PAIR) for ticket in range(20)]
        assert taken[:8] == [True] * 8
        assert taken[-1] is False
        assert engine.counts().refused == taken.count(False)


@pytest.mark.fault
def test_no_orphan_is_left_when_the_parent_is_killed(folder):
    script = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from realtime.engine.process import EngineProcess\n"
        "if __name__ == '__main__':\n"
        f"    engine = EngineProcess(Path({str(folder)!r})).__enter__()\n"
        "    engine.submit(1, np.zeros((2, 224, 224), np.float32)); engine.wait(1)\n"
        "    print('up', flush=True); sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout.readline() == "up\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert children
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def test_leaving_the_block_leaves_nothing(folder):
    before = threading.active_count(), len(psutil.Process().children())
    with EngineProcess(folder) as engine:
        engine.submit(1, PAIR)
        engine.wait(1)
    assert [c for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline())] == []
    assert threading.active_count() == before[0]
