"""The session's own half of a GPU run: memory, stream, graph, replay.

TensorRT is stood in for by a network that copies the pair into every output, on the stream it is
given; everything else is the real driver's.
"""

import sys
import threading
from types import ModuleType

import numpy as np
import pytest

from realtime.engine.runtime import OUTPUTS, Answer

PATCHES = 49
SHAPES = {
    "pair": (2, 224, 224),
    "logits": (3,),
    "micro_logit": (),
    "displacement": (2, 224, 224),
    "fusion_local": (6, PATCHES),
    "fusion_global": (6,),
    "fusion_full": (PATCHES,),
}


class Context:
    def __init__(self, cuda):
        self.cuda, self.size, self.address = cuda, None, {}

    def set_optimization_profile_async(self, profile, stream):
        return profile in (0, 1)

    def set_input_shape(self, name, shape):
        assert name == "pair"
        self.size = shape[0]

    def infer_shapes(self):
        return []

    def get_tensor_shape(self, name):
        return (self.size, *SHAPES[name])

    def set_tensor_address(self, name, address):
        self.address[name] = address
        return True

    def execute_async_v3(self, stream):
        """The head of the pairs' memory to every output."""
        onward = self.cuda.cudaMemcpyKind.cudaMemcpyDeviceToDevice
        for name in OUTPUTS:
            size = 4 * int(np.prod(self.get_tensor_shape(name)))
            (code,) = self.cuda.cudaMemcpyAsync(
                self.address[name], self.address["pair"], size, onward, stream
            )
            assert code == self.cuda.cudaError_t.cudaSuccess
        return True


class Engine:
    num_io_tensors = len(SHAPES)

    def __init__(self, cuda):
        self.cuda = cuda

    def get_tensor_name(self, index):
        return list(SHAPES)[index]

    def create_execution_context(self):
        return Context(self.cuda)


@pytest.fixture
def session(monkeypatch):
    cuda = pytest.importorskip("cuda.bindings.runtime")

    class Logger:
        ERROR = 0

        def __init__(self, level):
            pass

    class Runtime:
        def __init__(self, logger):
            pass

        def deserialize_cuda_engine(self, plan):
            return Engine(cuda)

    stand_in = ModuleType("tensorrt")
    stand_in.Logger, stand_in.Runtime, stand_in.__version__ = Logger, Runtime, "0"
    monkeypatch.setitem(sys.modules, "tensorrt", stand_in)
    monkeypatch.delitem(sys.modules, "realtime.engine.runtimes.tensorrt", raising=False)
    from realtime.engine.runtimes.tensorrt import TensorRtSession

    yield TensorRtSession("stand-in", b"plan")
    sys.modules.pop("realtime.engine.runtimes.tensorrt", None)


def pairs(seed, count):
    return np.random.default_rng(seed).random((count, 2, 224, 224), np.float32)


def expected(given):
    """What the copying network answers."""
    flat = given.ravel()
    sizes = {name: int(np.prod((len(given), *SHAPES[name]))) for name in OUTPUTS}
    return Answer(*(flat[: sizes[n]].reshape(len(given), *SHAPES[n]) for n in OUTPUTS))


def same(answer, wanted):
    return all(np.array_equal(getattr(answer, n), getattr(wanted, n)) for n in OUTPUTS)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_replayed_graph_answers_what_it_is_given_now(session, count):
    for seed in range(5):
        given = pairs(seed, count)
        assert same(session.run(given), expected(given))


def test_more_than_a_batch_holds_goes_in_parts(session):
    from realtime.engine.runtimes.tensorrt import MAX_BATCH

    given = pairs(1, 2 * MAX_BATCH + 1)
    assert np.array_equal(session.run(given).displacement, given)


def test_an_answer_is_not_overwritten_by_the_next(session):
    first = session.run(pairs(1, 1))
    session.run(pairs(2, 1))
    assert same(first, expected(pairs(1, 1)))


def test_a_graph_is_captured_while_another_thread_uses_the_gpu(session):
    cuda = pytest.importorskip("cuda.bindings.runtime")
    stop, troubles = threading.Event(), []

    def busy():
        while not stop.is_set():
            code, address = cuda.cudaMalloc(1 << 20)
            if code != cuda.cudaError_t.cudaSuccess:
                troubles.append(code)
                return
            cuda.cudaFree(address)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for count in range(1, 9):
            given = pairs(count, count)
            assert np.array_equal(session.run(given).logits, expected(given).logits)
    finally:
        stop.set()
        thread.join()
    assert not troubles


def test_closed_batches_give_their_memory_back(session):
    cuda = pytest.importorskip("cuda.bindings.runtime")
    session.run(pairs(0, 8))
    _, before, _ = cuda.cudaMemGetInfo()
    session.run(pairs(0, 7))
    session._batches.pop(7).close()
    session.run(pairs(0, 7))
    session._batches.pop(7).close()
    _, after, _ = cuda.cudaMemGetInfo()
    assert abs(before - after) < 64 << 20
