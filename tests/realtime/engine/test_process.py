"""A real child process that is asked, killed, stopped and orphaned."""

import os
import pickle
import select
import signal
import subprocess
import sys
import threading

import numpy as np
import psutil
import pytest

from realtime.engine.backends import backends
from realtime.engine.process import EngineProcess
from realtime.engine.worker import Reply
from realtime.status import EngineState
from tests.realtime.engine.tiny_engine import memory_bomb, not_finite_for_black, write_engine

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


def test_an_answer_that_is_not_finite_is_a_failure_and_counted(tmp_path):
    folder = write_engine(tmp_path / "wild", network_bytes=not_finite_for_black())
    with EngineProcess(folder) as engine:
        engine.submit(1, np.zeros_like(PAIR))
        wild = engine.wait(1)
        engine.submit(2, PAIR)
        sound = engine.wait(2)
        counts = engine.counts()
    assert (wild.classification, wild.failure) == (None, "its answer is not finite")
    assert sound.failure is None
    assert (counts.answered, counts.failed, counts.restarted) == (1, 1, 0)


@pytest.mark.fault
def test_a_child_stopped_in_mid_answer_freezes_nobody(folder, monkeypatch):
    # what is said is in the pipe as a whole or not at all
    reply = Reply(2**40, (1.5, -1.5, 0.25), 0.125, np.ones((11, 2), np.float32), 12.5)
    assert len(pickle.dumps(reply)) < select.PIPE_BUF // 2
    monkeypatch.setattr("realtime.engine.process._HANG_S", 0.5)
    random = np.random.default_rng(3)
    with EngineProcess(folder, restarts=100) as engine:
        for ticket in range(0, 24, 2):
            engine.submit(ticket, PAIR)
            engine.wait(ticket)
            child = child_of(engine)
            engine.submit(ticket + 1, PAIR)
            select.select([], [], [], random.uniform(0, 0.01))
            child.send_signal(signal.SIGSTOP)
            answered = engine.wait(ticket + 1)
            assert answered.failure in (None, "its process hangs")
            child.send_signal(signal.SIGCONT) if child.is_running() else None


@pytest.mark.fault
@pytest.mark.parametrize("network", [memory_bomb(), pickle.dumps({"weights": [1.0]})])
def test_a_network_that_cannot_be_run_is_given_up_after_a_few_loads(tmp_path, network):
    folder = write_engine(tmp_path / "hostile", network_bytes=network)
    with EngineProcess(folder) as engine:
        engine.submit(1, PAIR)
        failed = engine.wait(1, for_load=True)
        assert failed.classification is None
        while engine.state is not EngineState.FAILED:
            engine.poll()
            select.select([], [], [], 0.02)
        assert engine.counts().restarted == 2
        assert "onnxruntime" in engine.detail or "memory" in engine.detail, engine.detail
        assert not engine.submit(2, PAIR)


SLOW = """
import os
import select
from realtime.engine.runtimes.onnxruntime import OnnxRuntimeSession

def open_session(folder, backend, threads, progress):
    step, may_end = 0, os.open({may_end!r}, os.O_RDWR)
    while not select.select([may_end], [], [], 0.02)[0]:
        {say}progress(f"building, step {{step}}")
        step += 1
    os.close(may_end)
    return OnnxRuntimeSession(backend.name, folder.network, threads)
"""


WRONG = """
from dataclasses import replace
from realtime.engine.runtimes.onnxruntime import OnnxRuntimeSession

def open_session(folder, backend, threads, progress):
    session, asked = OnnxRuntimeSession(backend.name, folder.network, threads), []
    right = session.run
    def run(pairs):
        asked.append(1)
        answer = right(pairs)
        return answer if len(asked) <= 2 else replace(answer, logits=answer.logits + 1)
    session.run = run
    return session
"""


SCARCE = """
from pathlib import Path
from realtime.engine.runtimes.onnxruntime import OnnxRuntimeSession
from realtime.errors import EngineError

full = Path({full!r})

def open_session(folder, backend, threads, progress):
    if full.exists():
        raise EngineError("no memory is left on the GPU")
    session, asked = OnnxRuntimeSession(backend.name, folder.network, threads), []
    right = session.run
    def run(pairs):
        asked.append(1)
        if len(asked) > 2:  # the canary, and the first pair
            full.touch()
            raise EngineError("no memory is left on the GPU")
        return right(pairs)
    session.run = run
    return session
"""


@pytest.fixture
def register(tmp_path, monkeypatch):
    """Registers a runtime of another package, by its code."""

    def registered(name: str, code: str) -> None:
        place = tmp_path / "site"
        about = place / f"{name}-1.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[fleeting.runtimes]\n{name}-f32 = {name}\n")
        (place / f"{name}.py").write_text(code)
        monkeypatch.syspath_prepend(str(place))
        backends.cache_clear()

    yield registered
    backends.cache_clear()


@pytest.fixture
def slow_runtime(tmp_path, register):
    """Registers one that loads until something is written to a pipe."""
    pipe = tmp_path / "may end"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)  # both ways: neither side waits for the other to open it

    def slow(*, says: bool) -> int:
        """The end of the pipe to write to."""
        register("slow", SLOW.format(may_end=str(pipe), say="" if says else "# "))
        return end

    yield slow
    os.close(end)


def test_a_load_that_reports_progress_is_waited_for(folder, slow_runtime, monkeypatch):
    may_end = slow_runtime(says=True)
    with EngineProcess(folder, backend="slow") as engine:
        engine.submit(1, PAIR)
        told = set()
        while engine.state is EngineState.LOADING:
            engine.poll()
            told.add(engine.detail)
            if len(told) == 3:  # from here on the usual limit is long past
                monkeypatch.setattr("realtime.engine.process._LOAD_S", 0.0)
            if len(told) == 20:
                os.write(may_end, b".")
            select.select([], [], [], 0.01)
        assert engine.state is EngineState.READY
        assert sum(what.startswith("building, step") for what in told) >= 19
        assert engine.wait(1).failure is None
        assert engine.counts().restarted == 0


@pytest.mark.fault
def test_a_load_that_says_nothing_is_begun_three_times(folder, slow_runtime, monkeypatch):
    monkeypatch.setattr("realtime.engine.process._LOAD_S", 1.0)
    slow_runtime(says=False)
    with EngineProcess(folder, backend="slow") as engine:
        engine.submit(1, PAIR)
        assert engine.wait(1, for_load=True).failure == "it did not load in time"
        while engine.state is not EngineState.FAILED:
            engine.poll()
            select.select([], [], [], 0.02)
        assert engine.counts().restarted == 2


@pytest.mark.fault
@pytest.mark.slow
def test_a_child_that_comes_to_answer_wrongly_is_replaced(folder, register):
    """Between two pairs it is asked one whose answer is known."""
    register("wrong", WRONG)
    with EngineProcess(folder, backend="wrong") as engine:
        engine.submit(1, PAIR)
        assert engine.wait(1, for_load=True).failure is None
        while engine.counts().restarted == 0:
            engine.poll()
            select.select([], [], [], 0.05)
        engine.submit(2, PAIR)
        assert engine.wait(2, for_load=True).failure is None


@pytest.mark.fault
def test_where_the_gpu_runs_out_of_memory_the_processor_goes_on(
    folder, register, tmp_path, monkeypatch, caplog
):
    register("scarce", SCARCE.format(full=str(tmp_path / "full")))
    monkeypatch.setattr(
        "realtime.engine.process.resolve", lambda name, folder: backends()["scarce-f32"]
    )
    with EngineProcess(folder) as engine:
        engine.submit(1, PAIR)
        assert engine.wait(1, for_load=True).failure is None
        for ticket in (2, 3):
            engine.submit(ticket, PAIR)
        assert engine.wait(2).failure == "no memory is left on the GPU"
        third = engine.wait(3, for_load=True)
        assert third.classification.engine.startswith("onnxruntime-f32 ")
        assert engine.counts().failed == 1
        assert not engine.gone
    assert "no memory is left on the GPU; onnxruntime-f32 goes on" in caplog.text


@pytest.mark.fault
def test_a_backend_that_was_named_has_no_spare(folder, register, tmp_path):
    (tmp_path / "full").touch()
    register("scarce", SCARCE.format(full=str(tmp_path / "full")))
    with EngineProcess(folder, backend="scarce") as engine:
        engine.submit(1, PAIR)
        assert engine.wait(1, for_load=True).failure == "no memory is left on the GPU"
        while not engine.gone:
            engine.poll()
            select.select([], [], [], 0.02)
