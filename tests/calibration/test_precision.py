import shutil
from importlib.util import find_spec

import numpy as np
import pytest

from calibration import precision
from calibration.commands import precision as make_networks
from calibration.precision import float8, measure, quantised
from model.engine.engine_folder import add_file
from model.evaluate import Sample
from model.synthetic.recipe import NON_EVENT
from realtime.engine.backends import FP8, INT8, open_session
from realtime.engine.folder import EngineFolder, default_engine
from realtime.engine.runtimes.onnxruntime import OnnxRuntimeSession
from realtime.engine.runtimes.tensorrt_plan import build
from realtime.errors import EngineUntrusted

needs_nncf = pytest.mark.skipif(
    find_spec("nncf") is None or find_spec("openvino") is None,
    reason="nncf and openvino are not installed",
)


def samples(count: int) -> list[Sample]:
    random = np.random.default_rng(0)
    return [
        Sample(
            random.integers(0, 255, (2, 224, 224), np.uint8),
            (0, 1, 2, NON_EVENT)[k % 4],
            f"p{k % 3}",
            0.02,
        )
        for k in range(count)
    ]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return shutil.copytree(default_engine(), tmp_path_factory.mktemp("int8") / "engine")


@pytest.fixture(scope="module")
def int8(engine):
    pairs = np.stack([s.pair for s in samples(6)]).astype(np.float32) / 255
    return quantised(EngineFolder.load(engine).network, pairs)


def by_openvino(engine, network):
    add_file(engine, INT8, network)
    return open_session(EngineFolder.load(engine), "openvino-int8", 1)


def by_onnxruntime(engine, network):
    return OnnxRuntimeSession("fp8", float8(network), 1)


@needs_nncf
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # nncf's own
@pytest.mark.parametrize("opened", [by_openvino, by_onnxruntime], ids=["int8", "fp8"])
def test_an_8_bit_network_answers_nearly_as_float32(engine, int8, opened):
    exact = open_session(EngineFolder.load(engine), "onnxruntime-f32", 1)
    rounded = opened(engine, int8)
    pairs = np.stack([s.pair for s in samples(3)]).astype(np.float32) / 255
    apart = np.abs(exact.run(pairs).displacement - rounded.run(pairs).displacement)
    assert 0 < apart.mean() < 0.1


@needs_nncf
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_int8_network_is_smaller(engine, int8):
    assert len(int8) < 0.9 * len(EngineFolder.load(engine).network)


@needs_nncf
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("made", [bytes, float8], ids=["int8", "fp8"])
def test_tensorrt_reads_its_quantising_nodes(int8, made):
    trt = pytest.importorskip("tensorrt_rtx")
    assert len(build(trt, made(int8))) > 1_000_000


@needs_nncf
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("int8_uf1", "fp8_uf1", "kept"),
    [(0.88, 0.88, set()), (0.895, 0.88, {INT8}), (0.88, 0.9, {FP8})],
)
def test_a_network_that_loses_too_much_is_not_kept(
    tmp_path, monkeypatch, capsys, int8_uf1, fp8_uf1, kept
):
    engine = shutil.copytree(default_engine(), tmp_path / "engine")
    before = {p.name for p in engine.iterdir()}
    scores = {"openvino-int8": int8_uf1, precision._FP8_ROW: fp8_uf1}
    monkeypatch.setattr(precision, "fit_and_score", lambda given: (samples(4), samples(4)))
    monkeypatch.setattr(precision, "quantised", lambda network, pairs: network)
    monkeypatch.setattr(precision, "float8", lambda network: network)
    monkeypatch.setattr(
        precision,
        "measure",
        lambda session, pairs: precision.PrecisionFigures(
            session.name, 1.0, scores.get(session.name, 0.9), 0.9
        ),
    )
    assert make_networks.run(["--engine", str(engine)]) == 5
    said = capsys.readouterr().err
    assert all((f"{file} is not kept" in said) == (file not in kept) for file in (INT8, FP8))
    assert {p.name for p in engine.iterdir()} - before == kept


def test_time_and_scores_are_of_every_pair(engine):
    session = open_session(EngineFolder.load(engine), "onnxruntime-f32", 1)
    found = measure(session, samples(8))
    assert found.cpu_ms > 0
    assert 0 <= found.uf1 <= 1
    assert 0 <= found.auroc <= 1


def test_an_added_file_is_checked_like_the_others(engine):
    add_file(engine, "model.other.onnx", b"content")
    assert EngineFolder.load(engine).read("model.other.onnx") == b"content"
    (engine / "model.other.onnx").write_bytes(b"other")
    with pytest.raises(EngineUntrusted):
        EngineFolder.load(engine).read("model.other.onnx")
