"""One contract, every backend that can run here; the others skip and say what they lack."""

import subprocess
import sys

import numpy as np
import pytest

from realtime.engine.backends import backends, missing, names, open_session, resolve
from realtime.engine.folder import EngineFolder, default_engine
from realtime.errors import EngineError, EngineMismatch
from tests.realtime.engine.tiny_engine import write_engine

PAIRS = np.random.default_rng(3).random((3, 2, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module")
def shipped():
    return EngineFolder.load(default_engine())


@pytest.fixture(scope="module")
def reference(shipped):
    return open_session(shipped, "onnxruntime-f32", 1).run(PAIRS)


@pytest.fixture(params=backends().values(), ids=lambda b: b.name)
def backend(request, shipped):
    why_not = missing(request.param, shipped)
    if why_not:
        pytest.skip(why_not)
    return request.param


def test_every_backend_gives_the_same_answers(backend, shipped, reference):
    answer = open_session(shipped, backend.name, 1).run(PAIRS)
    assert answer.au_logits is not None
    for name in answer.__slots__:
        value, expected = getattr(answer, name), getattr(reference, name)
        assert value.shape == expected.shape, name
        assert value.dtype == np.float32, name
        assert np.abs(value - expected).max() <= backend.tolerance, name
    second, first = np.sort(reference.logits, axis=1)[:, -2:].T
    clear = first - second > 2 * backend.tolerance  # noise looks like no class in particular
    same = answer.logits.argmax(axis=1) == reference.logits.argmax(axis=1)
    assert clear.any()
    assert same[clear].all()


def test_one_pair_at_a_time_or_three_at_once(backend, shipped):
    session = open_session(shipped, backend.name, 1)
    together = session.run(PAIRS).logits
    alone = np.concatenate([session.run(PAIRS[k : k + 1]).logits for k in range(3)])
    assert np.abs(together - alone).max() <= backend.tolerance


def test_an_engine_without_action_units_answers_without_them(backend, tmp_path):
    if backend.runtime == "torch":
        pytest.skip("torch runs weights, and the small engine has none")
    folder = EngineFolder.load(write_engine(tmp_path / "engine"))
    if missing(backend, folder):
        pytest.skip("the small engine has no such file")
    assert open_session(folder, backend.name, 1).run(PAIRS).au_logits is None


def test_an_answer_is_not_overwritten_by_the_next(backend, shipped):
    session = open_session(shipped, backend.name, 1)
    first = session.run(PAIRS[:1])
    before = first.displacement.copy()
    session.run(PAIRS[1:2])
    assert np.array_equal(first.displacement, before)


def test_a_foreign_network_is_refused(backend, tmp_path):
    folder = EngineFolder.load(write_engine(tmp_path / "engine", canary=other_canary()))
    with pytest.raises(EngineError):
        open_session(folder, backend.name, 1)


def other_canary():
    return {"seed": 7, "logits": [9.0, -9.0, 0.0], "micro_logit": 3.0}


@pytest.mark.parametrize("name", ["cuda", "onnxruntime-f64", "auto-f32"])
def test_an_unknown_backend_names_those_there_are(shipped, name):
    with pytest.raises(EngineError, match="onnxruntime-f32"):
        resolve(name, shipped)
    assert name not in names()


def test_a_precision_that_was_not_made_says_how_to_make_it(tmp_path):
    folder = EngineFolder.load(write_engine(tmp_path / "engine"))
    pytest.importorskip("openvino")
    with pytest.raises(EngineError, match="fleeting calibrate precision"):
        resolve("openvino-int8", folder)


def test_a_damaged_graph_is_a_mismatch(shipped):
    from realtime.engine.runtimes.onnxruntime import OnnxRuntimeSession

    with pytest.raises(EngineMismatch):
        OnnxRuntimeSession("x", shipped.network[:-1000], 1)


def test_openvino_asks_nobody(tmp_path):
    """Its telemetry looks up an analytics host as it is imported; ours must open no socket."""
    pytest.importorskip("openvino")
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): print('asked', a); raise OSError('no network here')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
        "from realtime.engine.backends import open_session\n"
        "from realtime.engine.folder import EngineFolder, default_engine\n"
        "open_session(EngineFolder.load(default_engine()), 'openvino-f32', 1)\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "asked" not in done.stdout


def test_openvino_leaves_signals_a_stack_to_stand_on():
    """Two sessions that go in the order they came, then the end of a child process."""
    pytest.importorskip("openvino")
    code = (
        "import signal, subprocess\n"
        "signal.signal(signal.SIGCHLD, lambda *a: print('a child ended'))\n"
        "from realtime.engine.backends import open_session\n"
        "from realtime.engine.folder import EngineFolder, default_engine\n"
        "folder = EngineFolder.load(default_engine())\n"
        "sessions = [open_session(folder, 'openvino-f32', 1) for _ in range(2)]\n"
        "del sessions[0]; del sessions[0]\n"
        "subprocess.run(['true'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "a child ended" in done.stdout
