"""Endless, ordered stream of synthetic pairs for the trainer, drawn in other processes.

Pair i of a stream is the same whatever the number of workers, so a run resumes exactly where it
stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from model.synthetic.footage import Footage
from model.synthetic.pairs import Pair, make_pair
from model.synthetic.portraits import Portrait
from model.synthetic.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Batch:
    pair: Tensor  # (b, 2, 224, 224) float32 in [0, 1], onset then apex
    displacement: Tensor  # (b, 2, 224, 224) float32, crop pixels
    valid: Tensor  # (b, 224, 224) float32, 0 or 1
    label: Tensor  # (b,) int64
    known: Tensor  # (b,) bool, whether the displacement is that of the pair
    acts: Tensor  # (b, 11, 2) int8, whether each unit acts; see `model.synthetic.combinations`

    def to(self, device: torch.device) -> Batch:
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


def as_tensors(pair: Pair) -> tuple[Tensor, Tensor, Tensor, int, Tensor]:
    frames = torch.from_numpy(np.stack([pair.onset, pair.apex]))
    displacement = torch.from_numpy(pair.displacement.astype(np.float16))
    acts = torch.from_numpy(pair.acts)
    return frames, displacement, torch.from_numpy(pair.valid), pair.label, acts


class _Pairs(IterableDataset[tuple[Tensor, Tensor, Tensor, int, Tensor]]):
    def __init__(
        self,
        portraits: Sequence[Portrait],
        seed: int,
        first: int,
        recipe: Recipe,
        footage: Sequence[Footage],
        stride: int,
    ) -> None:
        self.portraits, self.footage, self.recipe = portraits, footage, recipe
        self.seed, self.first, self.stride = seed, first, stride

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor, int, Tensor]]:
        worker = get_worker_info()
        index, stride = self.first, self.stride
        if worker is not None:
            # The loader takes one pair of each worker in turn.
            index += worker.id * stride
            stride *= worker.num_workers
        while True:
            pair = make_pair(self.portraits, self.seed, index, self.recipe, self.footage)
            yield as_tensors(pair)
            index += stride


class PairBatches(Protocol):
    """Where the trainer's pairs come from."""

    next_index: int  # a stream made again from here continues with the same pairs

    def draw(self, size: int) -> Batch: ...


class PairStream:
    """Pairs `first`, `first` + 1, ... of a seed, in batches of any size.

    Of several streams that share a run, number `rank` of `size` takes every `size`-th pair.
    """

    def __init__(
        self,
        portraits: Sequence[Portrait],
        seed: int,
        first: int = 0,
        workers: int = 0,
        recipe: Recipe | None = None,
        footage: Sequence[Footage] = (),
        rank: int = 0,
        size: int = 1,
    ) -> None:
        self._stride = size
        dataset = _Pairs(portraits, seed, first + rank, recipe or Recipe(), footage, size)
        self._items = iter(
            DataLoader(
                dataset,
                batch_size=None,
                num_workers=workers,
                # Every tensor that waits holds a file open: many workers keep few each.
                prefetch_factor=max(8, 48 // workers) if workers else None,
                # Its own: the loader would draw from the trainer's random state, and a run
                # that goes on opens one loader more than a run in one piece.
                generator=torch.Generator(),
            )
        )
        self.next_index = first

    def draw(self, size: int) -> Batch:
        items = [next(self._items) for _ in range(size)]
        self.next_index += size * self._stride
        frames, displacement, valid, label, acts = zip(*items, strict=True)
        return Batch(
            pair=torch.stack(frames).float() / 255,
            displacement=torch.stack(displacement).float(),
            valid=torch.stack(valid).float(),
            label=torch.tensor(label),
            known=torch.ones(size, dtype=torch.bool),
            acts=torch.stack(acts),
        )
