import os
import subprocess
import sys

import pytest
import torch

from model.synthetic.pair_stream import PairStream
from model.synthetic.portraits import save_cache
from model.train import PORTRAITS
from model.training import checkpoint
from model.training.loop import CHECKPOINT


def test_streams_of_one_run_share_the_pairs_out(portraits):
    whole = PairStream(portraits, 5).draw(6)
    first, second = (PairStream(portraits, 5, rank=rank, size=2).draw(3) for rank in (0, 1))
    assert torch.equal(whole.pair[0::2], first.pair)
    assert torch.equal(whole.pair[1::2], second.pair)
    stream = PairStream(portraits, 5, rank=1, size=2, workers=2)
    assert torch.equal(stream.draw(3).pair, second.pair)
    assert stream.next_index == 6


@pytest.mark.slow
def test_two_processes_under_torchrun_train_one_network(tmp_path, portraits):
    save_cache(tmp_path / PORTRAITS, portraits)
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"),
        *(
            "-m",
            "realtime.cli.programs",
            "train",
            "--output",
            str(tmp_path),
            "--steps",
            "4",
            "--threads",
            "1",
        ),
        *("--workers", "0"),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    state = checkpoint.read(tmp_path / CHECKPOINT)
    progress = checkpoint.TrainingProgress(*state["progress"])
    assert progress.step == 4
    assert progress.next_index % 2 == 0  # both processes' pairs are counted
    assert all(bool(torch.isfinite(value).all()) for value in state["model"].values())


GRADIENTS = """
import torch
from torch import nn
from model.training.parallel import join
world = join()
model = nn.Linear(3, 1, bias=False)
model.weight.data.fill_(1.0)
model(torch.full((1, 3), float(world.rank + 1))).sum().backward()
world.average_gradients(model)
assert torch.allclose(model.weight.grad, torch.full((1, 3), 1.5)), model.weight.grad
assert world.agree(float(world.rank)) == 0.0
norm = nn.BatchNorm1d(2)
norm.running_mean.fill_(float(world.rank))
world.average_statistics(norm)
assert torch.allclose(norm.running_mean, torch.full((2,), 0.5))
"""


@pytest.mark.slow
def test_gradients_and_statistics_are_means_over_processes(tmp_path):
    script = tmp_path / "gradients.py"
    script.write_text(GRADIENTS)
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"),
        str(script),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert done.returncode == 0, done.stderr
