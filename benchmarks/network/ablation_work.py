"""The work behind one row of the network's ablation: module, pairs, transformers, scores.

Called by `benchmarks.network.ablation`.  Variants that differ behind the displacement only share
what comes before: the module, the pairs, and the displacement of the pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from model.evaluation.metrics.ranking import auroc
from model.evaluation.metrics.recognition import confusion, uar, uf1
from model.network import losses
from model.network.displacement import standardise
from model.network.frl_dgt import FrlDgt
from model.network.network_config import Config
from model.progress import progress
from model.synthetic.pair_stream import PairStream
from model.synthetic.portraits import Portrait
from model.synthetic.recipe import NON_EVENT, Recipe
from model.train import train
from model.training.autocast import autocast
from model.training.loop import CHECKPOINT, loss_terms, make_optimiser
from model.training.pair_cache import PairCache
from model.training.schedule import Length, Phase, TrainSettings, phase_at
from model.training.warm_start import start

TEST_SEED = 4_000_037
FUSION_SEED = 4_000_100
_BATCH = 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FusionVariant:
    name: str
    config: Config = field(default_factory=Config)
    weights: losses.Weights | None = None  # of the module's training; None: the engine's module
    recipe: Recipe = field(default_factory=Recipe)  # of the transformers' training
    source: str = "module"  # of the displacement: "module", "farneback" or "none"


@dataclass(frozen=True, slots=True)
class Budget:
    module_steps: int
    pairs: int
    epochs: int
    tested: int


def train_module(
    portraits: Sequence[Portrait], weights: losses.Weights, budget: Budget, seed: int, runs: Path
) -> FrlDgt:
    """The displacement module after its share of the budget; kept in `runs`."""
    terms = "_".join(f"{value:g}" for value in asdict(weights).values())
    folder = runs / f"module_{terms}_{budget.module_steps}_{seed}"
    phase = Phase("displacement", 1.0, 12, 1e-3, 1e-4)
    settings = TrainSettings(seed=seed, phases=(phase,), weights=weights)
    resume = (folder / CHECKPOINT).exists()
    length = Length(steps=budget.module_steps)
    return train(portraits, folder, length, settings, resume=resume, workers=1)


def displacement_of(source: str, module: FrlDgt) -> Callable[[Tensor], Tensor]:
    """(b, 2, 224, 224) pairs in [0, 1] -> (b, 2, 224, 224), share of the full scale."""
    scale = module.config.full_scale_px

    def by_module(pair: Tensor) -> Tensor:
        with torch.no_grad(), autocast(pair.device):
            frames = standardise(pair.to(memory_format=torch.channels_last))
            return module.dgm.eval()(frames).float()

    def by_farneback(pair: Tensor) -> Tensor:
        flows = [
            -cv2.calcOpticalFlowFarneback(apex, onset, None, 0.5, 3, 15, 3, 5, 1.2, 0)
            for onset, apex in (pair * 255).round().to(torch.uint8).numpy()
        ]
        return torch.from_numpy(np.stack(flows)).permute(0, 3, 1, 2) / scale

    return {
        "module": by_module,
        "farneback": by_farneback,
        "none": torch.zeros_like,
    }[source]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pairs as a chapter keeps them, without their displacement."""

    pair: Tensor  # (n, 2, 224, 224) uint8
    label: Tensor  # (n,)
    acts: Tensor  # (n, 11, 2) int8

    @staticmethod
    def from_stream(stream: PairStream, pairs: int) -> Drawn:
        batches = [stream.draw(_BATCH) for _ in progress(range(0, pairs, _BATCH), "pairs")]
        pair = torch.cat([(batch.pair * 255).round().to(torch.uint8) for batch in batches])
        label, acts = (torch.cat([getattr(b, n) for b in batches]) for n in ("label", "acts"))
        return Drawn(pair, label, acts)

    def chapter(self, displacement: Callable[[Tensor], Tensor]) -> PairCache:
        batches = progress(list(self.pair.split(_BATCH)), "displacement")
        raw = [displacement(pair.float() / 255).to(torch.float16) for pair in batches]
        return PairCache(self.pair, torch.cat(raw), self.label, self.acts, seed=1)


def train_fusion(network: FrlDgt, read: PairCache, epochs: int, seed: int) -> None:
    """Transformers and heads on one chapter, as the trainer's second phase does."""
    torch.manual_seed(seed)
    phase = Phase("fusion", 1.0, 32, 1e-3, 0.0)
    settings = TrainSettings(seed=seed, phases=(phase,))
    optimiser = make_optimiser(network, settings)
    steps = epochs * read.steps(phase.batch)
    network.train().dgm.eval()
    for step in progress(range(steps), "fusion"):
        _, rate = phase_at(settings, step / steps)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch, raw = read.batch(step, phase.batch)
        total = torch.stack(
            list(loss_terms(network, batch, "fusion", settings.weights, raw).values())
        ).sum()
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        optimiser.step()


def test(network: FrlDgt, tested: PairCache) -> dict[str, float]:
    network.eval()
    logits, micro = [], []
    with torch.no_grad():
        for start in range(0, len(tested.label), _BATCH):
            rows = slice(start, start + _BATCH)
            pair, raw = tested.pair[rows].float() / 255, tested.raw[rows].float()
            output = network.recognise(pair, raw)
            logits.append(output.logits)
            micro.append(output.micro_logit)
    label, score = tested.label.numpy(), torch.cat(micro).numpy()
    event = label != NON_EVENT
    counts = confusion(label[event], torch.cat(logits).argmax(dim=1).numpy()[event])
    rank = auroc(score[event], score[~event])
    return {"uf1": uf1(counts), "uar": uar(counts), "auroc": rank if rank is not None else np.nan}


class Workshop:
    """Makes what rows need, and keeps the last of each kind: rows that share it stand together."""

    def __init__(
        self,
        portraits: tuple[Sequence[Portrait], Sequence[Portrait]],
        budget: Budget,
        runs: Path,
        engine: Path,
    ) -> None:
        self._seen, self._held_out = portraits
        self._budget, self._runs, self._engine = budget, runs, engine
        self._kept: dict[str, tuple[object, object]] = {}

    def scores(self, variant: FusionVariant, seed: int) -> dict[str, float]:
        module = self._module(variant.weights, seed)
        displacement = displacement_of(variant.source, module)
        read, tested = self._drawn(variant.recipe, seed), self._tested()
        before = (variant.weights, variant.source, seed)
        chapter = self._once("read", (*before, variant.recipe), lambda: read.chapter(displacement))
        held_out = self._once("test", before, lambda: tested.chapter(displacement))
        torch.manual_seed(seed)
        network = FrlDgt(variant.config)
        network.dgm.load_state_dict(module.dgm.state_dict())
        train_fusion(network, chapter, self._budget.epochs, seed)
        return test(network, held_out)

    def _module(self, weights: losses.Weights | None, seed: int) -> FrlDgt:
        def make() -> FrlDgt:
            if weights is not None:
                return train_module(self._seen, weights, self._budget, seed, self._runs)
            module = FrlDgt()
            start(module, self._engine, only_module=True)
            return module

        return self._once("module", (weights, weights and seed), make)

    def _drawn(self, recipe: Recipe, seed: int) -> Drawn:
        def drawn() -> Drawn:
            stream = PairStream(self._seen, FUSION_SEED + seed, workers=1, recipe=recipe)
            return Drawn.from_stream(stream, self._budget.pairs)

        return self._once("drawn", (recipe, seed), drawn)

    def _tested(self) -> Drawn:
        stream = PairStream(self._held_out, TEST_SEED, workers=1)
        return self._once("tested", None, lambda: Drawn.from_stream(stream, self._budget.tested))

    def _once(self, kind: str, key: object, make: Callable[[], T]) -> T:
        held = self._kept.get(kind)
        if held is None or held[0] != key:
            held = self._kept[kind] = (key, make())
        return held[1]  # type: ignore[return-value]
