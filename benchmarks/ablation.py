"""What each part brings: `python -m benchmarks.ablation --portraits CACHE --runs FOLDER`

Two tables.  Behind the displacement module: all rows share the engine's module, held still, and
train transformers and heads from nothing on the same chapter of pairs.  The module's losses: the
module too begins from nothing, with so many windows of 112 px.  Within a table all have the same
reduced budget and are tested on the same pairs of held-out identities; a small part of the shipped
engine's budget, so rows are to be compared with one another and with nothing else.

What is done is kept in --runs; a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from benchmarks.machine import machine
from benchmarks.markdown import publish, table
from model import losses
from model.chapter import Chapter
from model.engine_folder import WEIGHTS, read_description, sha256
from model.fit import CHECKPOINT, loss_terms, make_optimiser
from model.frl_dgt import Config, FrlDgt, standardise
from model.metrics.ranking import auroc
from model.metrics.recognition import confusion, uar, uf1
from model.progress import progress
from model.schedule import Length, Phase, TrainSettings, phase_at
from model.synthetic.pairs import NON_EVENT, Recipe
from model.synthetic.portraits import Portrait, load_cache, split
from model.synthetic.stream import PairStream
from model.train import train
from model.warm_start import start
from realtime.engine.folder import default_engine
from realtime.errors import DataError, FleetingError

log = logging.getLogger(__name__)

TEST_SEED = 4_000_037
FUSION_SEED = 4_000_100
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    config: Config = field(default_factory=Config)
    weights: losses.Weights | None = None  # of the module's training; None: the engine's module
    recipe: Recipe = field(default_factory=Recipe)  # of the transformers' training
    source: str = "module"  # of the displacement: "module", "farneback" or "none"


# Those that read the same chapter stand together: it is drawn once for all of them.
BEHIND = (
    Variant("whole"),
    Variant("the head's motion left in", config=Config(still_head=False)),
    Variant("fusion before attention", config=Config(fuse_before_attention=True)),
    Variant("without the local module", config=Config(without=("local",))),
    Variant("without the global module", config=Config(without=("across",))),
    Variant("without the full-face module", config=Config(without=("full",))),
    Variant("no displacement, the pair alone", source="none"),
    Variant("Farneback flow in the module's place", source="farneback"),
    Variant("apex randomisation off", recipe=Recipe(apex_shift=0.0)),
)
_ALL = losses.Weights()
LOSSES = (
    Variant("all terms", weights=_ALL),
    Variant("self-supervision off", weights=replace(_ALL, photometric=0.0, smoothness=0.0)),
    Variant("true displacement off", weights=replace(_ALL, displacement=0.0)),
)
TABLES: dict[str, tuple[Variant, ...]] = {"behind": BEHIND, "losses": LOSSES}


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
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
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


def chapter(stream: PairStream, pairs: int, displacement: Callable[[Tensor], Tensor]) -> Chapter:
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in progress(range(0, pairs, _BATCH), "pairs"):
        batch = stream.take(_BATCH)
        raw = displacement(batch.pair).to(torch.float16)
        parts.append(((batch.pair * 255).round().to(torch.uint8), raw, batch.label))
    return Chapter(*(torch.cat(column) for column in zip(*parts, strict=True)), seed=1)


def train_fusion(network: FrlDgt, read: Chapter, epochs: int, seed: int) -> None:
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


def test(network: FrlDgt, tested: Chapter) -> dict[str, float]:
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


@dataclass(frozen=True, slots=True)
class Material:
    """What variants that differ behind the displacement only have in common."""

    key: tuple[losses.Weights | None, str, Recipe, int]
    module: FrlDgt
    read: Chapter
    tested: Chapter


def material(
    variant: Variant,
    seed: int,
    portraits: tuple[Sequence[Portrait], Sequence[Portrait]],
    budget: Budget,
    runs: Path,
    engine: Path,
    before: Material | None,
) -> Material:
    """The one from before where it fits, else a new one."""
    key = (variant.weights, variant.source, variant.recipe, seed)
    if before is not None and before.key == key:
        return before
    seen, held_out = portraits
    if variant.weights is None:
        module = FrlDgt()
        start(module, engine)
    else:
        module = train_module(seen, variant.weights, budget, seed, runs)
    displacement = displacement_of(variant.source, module)
    stream = PairStream(seen, FUSION_SEED + seed, workers=1, recipe=variant.recipe)
    read = chapter(stream, budget.pairs, displacement)
    tested = chapter(PairStream(held_out, TEST_SEED, workers=1), budget.tested, displacement)
    return Material(key, module, read, tested)


def run(variant: Variant, seed: int, common: Material, budget: Budget) -> dict[str, float]:
    """Scores of one variant and seed."""
    torch.manual_seed(seed)
    network = FrlDgt(variant.config)
    network.dgm.load_state_dict(common.module.dgm.state_dict())
    train_fusion(network, common.read, budget.epochs, seed)
    return test(network, common.tested)


def run_all(
    variants: Sequence[Variant],
    seeds: Sequence[int],
    portraits: tuple[Sequence[Portrait], Sequence[Portrait]],
    budget: Budget,
    runs: Path,
    engine: Path,
) -> dict[str, list[dict[str, float]]]:
    """Scores of every variant, a dictionary for each seed; from `runs` where they stand there."""
    found: dict[str, list[dict[str, float]]] = {variant.name: [] for variant in variants}
    weights = sha256(engine / WEIGHTS)
    for seed in seeds:
        common = None
        for variant in variants:
            what = [asdict(variant), seed, asdict(budget), weights]
            stated = json.dumps(what, sort_keys=True)
            kept = runs / f"{variant.name.replace(' ', '_')}_{seed}.json"
            scores = _read(kept, stated)
            if scores is None:
                common = material(variant, seed, portraits, budget, runs, engine, common)
                scores = run(variant, seed, common, budget)
                part = kept.with_suffix(".part")
                part.write_text(json.dumps({"stated": stated, "scores": scores}), "utf-8")
                part.replace(kept)
            found[variant.name].append(scores)
    return found


def _read(kept: Path, stated: str) -> dict[str, float] | None:
    if not kept.exists():
        return None
    held = json.loads(kept.read_text("utf-8"))
    return dict(held["scores"]) if held["stated"] == stated else None


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, required=True)
    parser.add_argument("--engine", type=Path, default=default_engine(), help="whose module")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--module-steps", type=int, default=300, help="of 12 pairs, 2 windows each")
    parser.add_argument("--pairs", type=int, default=3072, help="the transformers are trained on")
    parser.add_argument("--epochs", type=int, default=8, help="of these pairs")
    parser.add_argument("--tested", type=int, default=640)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    budget = Budget(given.module_steps, given.pairs, given.epochs, given.tested)
    try:
        portraits = split(load_cache(given.portraits))
        if not portraits[1]:
            raise DataError("no portrait is held out: give more with --portraits")
        given.runs.mkdir(parents=True, exist_ok=True)
        found = {
            name: run_all(TABLES[name], given.seeds, portraits, budget, given.runs, given.engine)
            for name in given.tables
        }
        trained_on = read_description(given.engine)["trained_on"]
    except FleetingError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    titles = {
        "behind": f"## Behind the displacement module\n\nThe module was trained on {trained_on}.\n",
        "losses": (
            "## The module's losses\n\nThe module begins from nothing and is trained on "
            f"{12 * budget.module_steps} pairs, two windows of 112 px each.\n"
        ),
    }
    text = "# What each part brings\n\n"
    text += (
        f"Transformers and heads: {budget.pairs} pairs read {budget.epochs} times; tested on "
        f"{budget.tested} pairs of {len(portraits[1])} held-out identities. Mean of "
        f"{len(given.seeds)} seeds (their range). {machine()}\n"
    )
    for name, by_variant in found.items():
        rows = [
            [variant, *(_spread(scores, figure) for figure in ("uf1", "uar", "auroc"))]
            for variant, scores in by_variant.items()
        ]
        text += f"\n{titles[name]}\n" + table(["variant", "UF1", "UAR", "event AUROC"], rows)
    publish(text, given.out)
    return 0


def _spread(found: Sequence[dict[str, float]], name: str) -> str:
    values = [scores[name] for scores in found]
    return f"{np.mean(values):.3f} ({min(values):.3f}–{max(values):.3f})"


if __name__ == "__main__":
    sys.exit(main())
