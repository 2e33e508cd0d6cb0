"""The trainer on a GPU: the same losses as on a processor, phases, resume, export."""

import dataclasses

import pytest
import torch

from model.export_engine import export_checkpoint
from model.network import losses
from model.network.frl_dgt import FrlDgt
from model.synthetic.pair_stream import PairStream
from model.train import train
from model.training import checkpoint
from model.training.loop import CHECKPOINT, loss_terms
from model.training.schedule import Length, Phase, TrainSettings
from tests.model.conftest import drawn_portrait

SETTINGS = TrainSettings(
    phases=(
        Phase("displacement", 1 / 3, 4, 1e-3, 1e-4),
        Phase("fusion", 1 / 3, 4, 1e-3, 1e-4, cache_pairs=8, epochs=2),
        Phase("joint", 1 / 3, 4, 1e-3, 1e-4),
    )
)


@pytest.fixture(scope="module", autouse=True)
def torch_on_gpu(gpu):
    if not torch.cuda.is_available():
        pytest.skip("this torch is built without CUDA")


@pytest.fixture(scope="module")
def portraits():
    return [drawn_portrait(f"person{i}", i) for i in range(3)]


def test_losses_and_gradients_are_those_of_a_processor(portraits):
    batch = PairStream(portraits, seed=1).draw(8)
    found = {}
    for device in ("cpu", "cuda"):
        torch.manual_seed(0)
        model = FrlDgt().to(device, memory_format=torch.channels_last).eval()
        terms = loss_terms(model, batch, "joint", losses.Weights())
        torch.stack(list(terms.values())).sum().backward()
        gradient = torch.cat([p.grad.float().ravel().cpu() for p in model.parameters()])
        found[device] = {name: float(value.detach()) for name, value in terms.items()}, gradient
    (on_cpu, one), (on_gpu, other) = found["cpu"], found["cuda"]
    for name, value in on_cpu.items():
        assert on_gpu[name] == pytest.approx(value, rel=0.05, abs=0.01), name
    assert torch.nn.functional.cosine_similarity(one, other, dim=0) > 0.98


def test_a_run_of_all_phases_that_was_cut_goes_on_and_is_exported(tmp_path, portraits):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(portraits, whole, Length(steps=6), SETTINGS)
    take, taken = PairStream.take, []

    def take_some(self, size):
        taken.append(size)
        if len(taken) > 4:
            raise KeyboardInterrupt
        return take(self, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PairStream, "take", take_some)
        with pytest.raises(KeyboardInterrupt):
            train(portraits, cut, Length(steps=6), SETTINGS, save_every_s=0)
    train(portraits, cut, Length(steps=6), SETTINGS, resume=True)
    one, other = (checkpoint.read(run / CHECKPOINT)["model"] for run in (whole, cut))
    for name, value in one.items():  # sums are not in the same order twice on a GPU
        assert torch.allclose(value.float(), other[name].float(), atol=0.02), name
    worst = export_checkpoint(whole / CHECKPOINT, tmp_path / "engine", "tried", "Apache-2.0")
    assert worst < 1e-3


def test_larger_batches_fit_and_learn(tmp_path, portraits):
    phase = Phase("joint", 1.0, 32, 1e-3, 1e-4)
    settings = dataclasses.replace(SETTINGS, phases=(phase,))
    model = train(portraits, tmp_path, Length(steps=3), settings, workers=2)
    assert all(bool(torch.isfinite(p).all()) for p in model.parameters())
    assert next(model.parameters()).is_cuda
