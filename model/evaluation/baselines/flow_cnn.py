"""A convolutional network of OFF-ApexNet's size on optical flow: the field's usual small model.

Farneback flow of the pair, the head's motion taken out, reduced to 28 × 28; the horizontal and
the vertical part each go through two convolutions of 5 × 5 (6, then 16 maps, each pooled by 2),
then through two dense layers of 1024.  2,665,500 weights with our fourth output, the event logit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model.evaluation.baselines.prediction import BaselinePrediction
from model.evaluation.baselines.similarity import residual
from model.network import losses
from model.progress import progress
from realtime.errors import DataError

SIDE = 28
_BATCH = 64
_RATE = 3e-4


def reduced_flow(pairs: NDArray[np.uint8]) -> Tensor:
    """(n, 2, 28, 28) horizontal and vertical flow of pairs (n, 2, 224, 224), crop pixels."""
    flows = np.empty((len(pairs), 2, SIDE, SIDE), np.float32)
    for index, (onset, apex) in enumerate(progress(pairs, "flow")):
        flow = cv2.calcOpticalFlowFarneback(  # type: ignore[call-overload]
            onset, apex, None, 0.5, 3, 15, 3, 5, 1.2, 0
        )
        small = cv2.resize(
            residual(np.asarray(flow, np.float32)), (SIDE, SIDE), interpolation=cv2.INTER_AREA
        )
        flows[index] = small.transpose(2, 0, 1)
    return torch.from_numpy(flows)


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.across, self.down = self._stream(), self._stream()
        self.dense = nn.Sequential(
            nn.Linear(2 * 16 * 7 * 7, 1024),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(1024, 1024),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(1024, 4),
        )

    @staticmethod
    def _stream() -> nn.Sequential:
        return nn.Sequential(
            *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        )

    def forward(self, flow: Tensor) -> tuple[Tensor, Tensor]:
        parts = [self.across(flow[:, :1]).flatten(1), self.down(flow[:, 1:]).flatten(1)]
        out = self.dense(torch.cat(parts, dim=1))
        return out[:, :3], out[:, 3]


class FlowCnn:
    def __init__(self, network: nn.Module) -> None:
        self.network = network.eval()

    @property
    def weights(self) -> int:
        return sum(parameter.numel() for parameter in self.network.parameters())

    @classmethod
    def fit(
        cls, pairs: NDArray[np.uint8], label: NDArray[np.integer], seed: int, epochs: int
    ) -> Self:
        """Train on pairs (n, 2, 224, 224) with labels (n,), -1 for a non-event.

        A function of its arguments and the number of threads; half the pairs are mirrored again
        in every epoch.
        """
        torch.manual_seed(seed)
        network = _Network().train()
        flow, truth = reduced_flow(pairs), torch.from_numpy(np.asarray(label, np.int64))
        optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
        for _ in progress(range(epochs), "flow CNN"):
            for rows in torch.randperm(len(truth)).split(_BATCH):
                turned = torch.rand(len(rows))[:, None, None, None] < 0.5
                away = torch.tensor([-1.0, 1.0])[:, None, None]
                logits, micro = network(torch.where(turned, flow[rows].flip(-1) * away, flow[rows]))
                total = losses.classes(logits, truth[rows]) + losses.event(micro, truth[rows])
                optimiser.zero_grad()
                total.backward()
                optimiser.step()
        return cls(network)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(self.network.state_dict(), path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises DataError when the file is not such a network's."""
        network = _Network()
        try:
            network.load_state_dict(load_file(path))
        except (OSError, SafetensorError, RuntimeError) as error:
            raise DataError(f"{path} holds no flow CNN: remove it to train one: {error}") from error
        return cls(network)

    def predict(self, pairs: NDArray[np.uint8]) -> BaselinePrediction:
        """Pairs (n, 2, 224, 224) of onset and apex crops."""
        with torch.no_grad():
            logits, micro = self.network(reduced_flow(pairs))
        shares = F.softmax(logits.double(), dim=1).numpy()
        return BaselinePrediction(shares, micro.double().sigmoid().numpy())
