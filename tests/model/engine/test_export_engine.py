import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save

from model import average_weights as averaging
from model import export_engine as exporting
from model.average_weights import mean_weights
from model.engine.engine_folder import (
    Provenance,
    add_file,
    read_description,
    sha256,
    write_description,
    write_folder,
)
from model.evaluate import measure, synthetic_samples, write_metrics
from model.evaluation.recogniser import Recogniser
from model.export_engine import canary_pair, export, export_anew
from model.network.frl_dgt import FrlDgt, Output
from realtime.errors import EngineError

pytestmark = pytest.mark.slow  # the exporter alone takes ten seconds to load

ORIGIN = Provenance("test", "nothing", "Apache-2.0", {"init": 0}, {})


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = FrlDgt()
    # Statistics and a displacement of some size, as after training.
    with torch.no_grad():
        model.train()(torch.rand(4, 2, 224, 224))
        model.dgm.conv10.weight.mul_(100)
    return model.eval()


@pytest.fixture(scope="module")
def engine(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines") / "test"
    export(model, folder, ORIGIN)
    return folder


def state(engine):
    return load_file(engine / "weights.safetensors")


def run(engine, pair):
    session = onnxruntime.InferenceSession(
        engine / "model.onnx", providers=["CPUExecutionProvider"]
    )
    return dict(zip(Output._fields, session.run(None, {"pair": pair}), strict=True))


def test_the_mean_of_two_engines_is_an_engine(engine, tmp_path, monkeypatch):
    other = shutil.copytree(engine, tmp_path / "other")
    moved = {k: 1.25 * v if v.ndim > 1 else v for k, v in state(engine).items()}
    add_file(other, "weights.safetensors", save(moved))
    exported = []
    monkeypatch.setattr(averaging, "export", lambda *given: exported.append(given) or 0.0)
    averaging.average(engine, other, tmp_path / "mean", "both looked at")
    ((mean, target, provenance),) = exported
    assert target == tmp_path / "mean"
    assert provenance.selection == "both looked at"
    assert "mean of the weights" in provenance.trained_on
    one = state(engine)
    for name, value in mean.state_dict().items():
        assert torch.allclose(value.double(), (one[name].double() + moved[name]) / 2), name


def test_engines_of_two_networks_have_no_mean(engine):
    weights = state(engine)
    name = next(k for k, v in weights.items() if v.ndim > 1)
    with pytest.raises(EngineError):
        mean_weights(weights, weights | {name: weights[name][:1]})
    with pytest.raises(EngineError):
        mean_weights(weights, {k: v for k, v in weights.items() if k != name})


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_onnx_answers_as_torch_does_at_every_batch(engine, model, batch):
    pair = np.random.default_rng(batch).random((batch, 2, 224, 224)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(pair))
    answers = run(engine, pair)
    for name in Output._fields:
        value = getattr(expected, name).numpy()
        assert answers[name].shape == value.shape
        assert np.abs(answers[name] - value).max() < 1e-3
    assert np.abs(answers["displacement"]).max() > 0.05


def test_onnx_is_one_file_of_an_opset_tensorrt_reads(engine):
    assert sorted(path.name for path in engine.iterdir()) == [
        *("README.md", "engine.json", "model.f16.onnx", "model.onnx", "weights.safetensors"),
    ]
    graph = onnx.load(engine / "model.onnx")
    assert next(entry.version for entry in graph.opset_import if entry.domain == "") == 20
    kinds = {node.op_type for node in graph.graph.node}
    assert "Attention" not in kinds
    assert "BatchNormalization" not in kinds
    assert [entry.name for entry in graph.graph.input] == ["pair"]
    assert [entry.name for entry in graph.graph.output] == list(Output._fields)


def test_description_fits_the_files(engine, model):
    description = json.loads((engine / "engine.json").read_text())
    assert description["schema"] == 1
    assert description["classes"] == ["negative", "positive", "surprise"]
    assert description["crop"] == {"size": 224, "iod": 72.0, "eyes": [112, 76]}
    assert len(description["regions"]) == 6
    for name, digest in description["files"].items():
        assert sha256(engine / name) == digest
    canary = description["canary"]
    answers = run(engine, canary_pair(canary["seed"]))
    assert answers["logits"][0] == pytest.approx(canary["logits"], abs=1e-4)
    assert answers["micro_logit"][0] == pytest.approx(canary["micro_logit"], abs=1e-4)


@pytest.fixture
def exported_before(engine, monkeypatch):
    """Networks are those of `engine`, so that torch's exporter need not run again."""

    def write(_, path):
        path.write_bytes((engine / path.name).read_bytes())

    monkeypatch.setattr(exporting, "write_onnx", write)


@pytest.mark.usefixtures("exported_before")
def test_an_engine_exported_anew_is_the_same_and_keeps_what_it_says(engine, tmp_path):
    worse = shutil.copytree(engine, tmp_path / "worse")
    description = read_description(worse) | {"temperature": 1.5, "trained_on": "something"}
    write_description(worse, description)
    (worse / "model.onnx").write_bytes((worse / "model.f16.onnx").read_bytes())
    with pytest.raises(EngineError):
        export_anew(worse, tmp_path / "new")
    (worse / "model.onnx").write_bytes((engine / "model.onnx").read_bytes())
    assert export_anew(worse, tmp_path / "new") < 1e-3
    assert read_description(tmp_path / "new") == description
    assert "something" in (tmp_path / "new" / "README.md").read_text()


def test_weights_load_back_without_pickle(engine, model):
    other = FrlDgt()
    other.load_state_dict(load_file(engine / "weights.safetensors"))
    pair = torch.rand(1, 2, 224, 224)
    with torch.no_grad():
        assert torch.equal(other.eval()(pair).logits, model(pair).logits)


def test_model_card_says_first_what_the_network_has_not_seen(engine):
    first = (engine / "README.md").read_text().splitlines()[0]
    assert "has not seen real micro-expressions" in first


@pytest.mark.usefixtures("exported_before")
def test_an_export_that_differs_is_not_let_out(tmp_path):
    torch.manual_seed(1)
    target = tmp_path / "engine"
    with pytest.raises(EngineError, match="differs"):
        export(FrlDgt().eval(), target, ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_the_old_engine_alone(tmp_path):
    target = tmp_path / "engine"
    target.mkdir()
    (target / "engine.json").write_text("old")

    def fail(folder):
        (folder / "engine.json").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_folder(target, fail)
    assert (target / "engine.json").read_text() == "old"
    write_folder(target, lambda folder: (folder / "engine.json").write_text("new"))
    assert (target / "engine.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["engine"]


def test_figures_are_measured_and_written_into_engine_and_card(engine, portraits, tmp_path):
    metrics = measure(Recogniser(engine), synthetic_samples(portraits, 9, seed=4))
    assert metrics.pairs == 9
    assert metrics.identities == 3
    assert sum(map(sum, metrics.confusion)) == metrics.events
    assert sum(band.events for band in metrics.by_amplitude) == metrics.events
    write_metrics(engine, "held out", metrics)
    assert json.loads((engine / "engine.json").read_text())["metrics"]["held out"]["pairs"] == 9
    assert "| held out | 3 | 9 |" in (engine / "README.md").read_text()


def test_an_engine_whose_onnx_was_changed_is_refused(engine, tmp_path):
    changed = tmp_path / "engine"
    changed.mkdir()
    for name in ("engine.json", "model.onnx"):
        (changed / name).write_bytes((engine / name).read_bytes())
    with (changed / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(EngineError, match="not the file"):
        Recogniser(changed)


def test_the_network_says_nothing_of_the_machine_it_was_made_on(engine):
    content = (engine / "model.onnx").read_bytes()
    assert b"stack_trace" not in content
    assert str(Path(__file__).resolve().parents[2]).encode() not in content


def test_pairs_are_answered_alike_one_by_one_and_together(engine):
    pairs = np.random.default_rng(5).integers(0, 256, (11, 2, 224, 224)).astype(np.uint8)
    recogniser = Recogniser(engine)
    together = recogniser.predict(pairs)
    assert together.micro.shape == (11,)
    for index, pair in enumerate(pairs):
        alone = recogniser.predict(pair[None])
        assert np.allclose(alone.probabilities[0], together.probabilities[index], atol=1e-5)
        assert alone.micro[0] == pytest.approx(together.micro[index], abs=1e-5)
