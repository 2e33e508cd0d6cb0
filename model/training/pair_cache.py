"""A few thousand pairs read several times while the displacement module is frozen.

The transformers cost a fortieth of the displacement module.  While that is not trained, its
outputs for a cache of pairs are computed once and the transformers read the cache for several
epochs, mirrored half of the time and each time slightly shifted.  Called by
`model.training.loop`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from model.network.displacement import standardise
from model.network.frl_dgt import FrlDgt
from model.synthetic.laid_movements import lay_movement
from model.synthetic.pair_stream import Batch, PairBatches
from model.synthetic.recipe import NON_EVENT, Recipe
from model.training.autocast import autocast

SHIFT = 0.03  # deviation of a face's place, share of half the crop's side
SCALE = 0.04  # and of its size


@dataclass(frozen=True, slots=True)
class PairCache:
    pair: Tensor  # (n, 2, 224, 224) uint8, onset and apex
    raw: Tensor  # (n, 2, 224, 224) float16, the module's answer in (-1, 1)
    label: Tensor  # (n,)
    acts: Tensor  # (n, 11, 2) int8
    seed: int

    @staticmethod
    def fill(
        model: FrlDgt,
        stream: PairBatches,
        pairs: int,
        seed: int,
        batch: int = 16,
        laid_in: float = 0.0,
        goes_on: Callable[[int, int], bool] = lambda *_: True,
    ) -> PairCache:
        """`pairs` pairs; `seed` orders the epochs.

        The stream's next ones, and for a share `laid_in` of them movements laid into those of the
        stream that show no event.

        Args:
            goes_on: called with the pairs drawn so far and those that are wanted of the stream;
                False: no more are drawn, and as many fewer laid in.
        """
        wanted = pairs - round(laid_in * pairs)
        drawn = PairCache._draw(model, stream, wanted, seed, batch, goes_on)
        grounds = torch.nonzero(drawn.label == NON_EVENT).flatten().tolist()
        left = round((pairs - wanted) * len(drawn.label) / wanted)
        if not left:
            return drawn
        if grounds:
            return _joined(drawn, drawn._with_movements(grounds, left, model.config.full_scale_px))
        return _joined(drawn, PairCache._draw(model, stream, left, seed, batch))

    @staticmethod
    def _draw(
        model: FrlDgt,
        stream: PairBatches,
        pairs: int,
        seed: int,
        batch: int,
        goes_on: Callable[[int, int], bool] = lambda *_: True,
    ) -> PairCache:
        kept: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        device = next(model.parameters()).device
        for start in range(0, pairs, batch):
            drawn = stream.draw(min(batch, pairs - start))
            with torch.no_grad(), autocast(device):
                frames = standardise(drawn.pair.to(device, memory_format=torch.channels_last))
                raw = model.dgm(frames)
            pair = (drawn.pair * 255).round().to(torch.uint8)
            kept.append((pair, raw.to("cpu", torch.float16), drawn.label, drawn.acts))
            if not goes_on(start + len(drawn.label), pairs):
                break
        pair, raw, label, acts = (torch.cat(parts) for parts in zip(*kept, strict=True))
        return PairCache(pair, raw.contiguous(), label, acts, seed)

    def _with_movements(
        self, grounds: Sequence[int], count: int, full_scale_px: float
    ) -> PairCache:
        """`count` events, each on one of the pairs `grounds` in turn."""
        rng = np.random.default_rng([self.seed, 1])
        recipe = Recipe()
        laid = [
            lay_movement(
                rng, self.pair[k].numpy(), full_scale_px * self.raw[k].float().numpy(), recipe
            )
            for k in islice(cycle(grounds), count)
        ]
        pair, moved, label, acts = (np.stack(column) for column in zip(*laid, strict=True))
        raw = torch.from_numpy(moved / np.float32(full_scale_px)).half()
        known = torch.from_numpy(label), torch.from_numpy(acts)
        return PairCache(torch.from_numpy(pair), raw, known[0], known[1], self.seed)

    def steps(self, batch: int) -> int:
        """Whole batches of an epoch."""
        return len(self.label) // batch

    def batch(self, step: int, size: int) -> tuple[Batch, Tensor]:
        """(batch, raw displacement) of one step; every epoch has an order of its own."""
        epoch, place = divmod(step, self.steps(size))
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(len(self.label))[place * size : (place + 1) * size]
        picture = torch.cat([self.raw[order].float(), self.pair[order].float() / 255], dim=1)
        turned = torch.from_numpy(rng.random(size) < 0.5)[:, None, None, None]
        mirrored = picture.flip(-1) * torch.tensor([-1.0, 1.0, 1.0, 1.0])[:, None, None]
        picture = _elsewhere(torch.where(turned, mirrored, picture), rng)
        acts = self.acts[order]
        acts = torch.where(turned[..., 0], acts.flip(-1), acts)  # a mirror swaps the sides
        nothing = torch.zeros(())
        batch = Batch(picture[:, 2:], nothing, nothing, self.label[order], nothing, acts)
        return batch, picture[:, :2]


def _joined(first: PairCache, second: PairCache) -> PairCache:
    return PairCache(
        pair=torch.cat([first.pair, second.pair]),
        raw=torch.cat([first.raw, second.raw]),
        label=torch.cat([first.label, second.label]),
        acts=torch.cat([first.acts, second.acts]),
        seed=first.seed,
    )


def _elsewhere(picture: Tensor, rng: np.random.Generator) -> Tensor:
    """Every sample slightly shifted and scaled, as faces and alignments vary."""
    place = np.zeros((len(picture), 2, 3), np.float32)
    size = 1 + rng.normal(0, SCALE, len(picture))
    place[:, 0, 0] = size * (1 + rng.normal(0, SCALE, len(picture)))
    place[:, 1, 1] = size
    place[:, :, 2] = rng.normal(0, SHIFT, (len(picture), 2))
    grid = F.affine_grid(torch.from_numpy(place), list(picture.shape), align_corners=False)
    return F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
