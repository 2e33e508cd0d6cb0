"""Several processes that train one network.

`torchrun --nproc-per-node N --no-python fleeting train …` starts them.

Every process draws pairs of its own and the gradients are averaged, so N processes make the steps
of an N times larger batch.  Without torchrun there is one process and nothing here has an effect.
Called by `model.training.loop`.
"""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass

import torch
from torch import distributed, nn


@dataclass(frozen=True, slots=True)
class World:
    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes the checkpoints and reports."""
        return self.rank == 0

    def average_gradients(self, model: nn.Module) -> None:
        """A parameter that no process has used keeps no gradient."""
        if self.size == 1:
            return
        for parameter in model.parameters():
            if parameter.grad is not None:
                distributed.all_reduce(parameter.grad)
                parameter.grad /= self.size

    def average_statistics(self, model: nn.Module) -> None:
        """Running means and variances of batch normalisation, gathered by each process alone."""
        if self.size == 1:
            return
        for buffer in model.buffers():
            if buffer.is_floating_point():
                distributed.all_reduce(buffer)
                buffer /= self.size

    def agree(self, value: float) -> float:
        """The leader's value, so that all processes end together."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=self.device)
        distributed.broadcast(shared, src=0)
        return float(shared)


def join() -> World:
    """This process's place; on a GPU of its own where there are any."""
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    cuda = torch.cuda.is_available()
    device = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if cuda else "cpu")
    if cuda:
        torch.cuda.set_device(device)
    if size > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if cuda else "gloo")
        # A process that just ends may be aborted by the threads of its group.
        atexit.register(distributed.destroy_process_group)
    return World(rank, size, device)
