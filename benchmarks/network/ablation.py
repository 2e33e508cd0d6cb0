"""Ablation of the network: `python -m benchmarks.network.ablation --portraits CACHE --runs FOLDER`

Two tables.  Transformers and heads: all rows share the engine's displacement module, frozen, and
train transformers and heads from nothing on the same pair cache.  The module's losses: the module
too is trained from nothing, on windows of 112 px.  Within a table all have the same
reduced budget and are tested on the same pairs of held-out identities; a small part of the shipped
engine's budget, so rows can be compared with one another only.

What is done is kept in --runs; a stopped run is resumed.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks._common.machine import machine
from benchmarks._common.markdown import publish, table
from benchmarks.network.ablation_work import Budget, FusionVariant, Workshop
from model.engine.engine_folder import WEIGHTS, read_description, sha256
from model.network import losses
from model.network.network_config import Config
from model.synthetic.portraits import Portrait, load_cache, split
from model.synthetic.recipe import Recipe
from realtime.atomic_file import whole_file
from realtime.engine.folder import default_engine
from realtime.errors import DataError, FleetingError

log = logging.getLogger(__name__)

# Those that share pairs or a displacement stand together: they are made once for all of them.
BEHIND = (
    FusionVariant("complete"),
    FusionVariant("head motion not removed", config=Config(still_head=False)),
    FusionVariant("patches embedded by one linear map", config=Config(stem=0)),
    FusionVariant("no pair dropout", config=Config(pair_dropout=0.0)),
    FusionVariant("fusion before attention", config=Config(fuse_before_attention=True)),
    FusionVariant("without the local module", config=Config(without=("local",))),
    FusionVariant("without the global module", config=Config(without=("across",))),
    FusionVariant("without the full-face module", config=Config(without=("full",))),
    FusionVariant("no apex randomisation", recipe=Recipe(apex_shift=0.0)),
    FusionVariant("no displacement, image pair only", source="none"),
    FusionVariant("Farneback flow as displacement", source="farneback"),
)
_ALL = losses.Weights(supervise_known=True)
LOSSES = (
    FusionVariant("all terms", weights=_ALL),
    FusionVariant(
        "without self-supervision", weights=replace(_ALL, photometric=0.0, smoothness=0.0)
    ),
    FusionVariant("without the true displacement", weights=replace(_ALL, displacement=0.0)),
)
TABLES: dict[str, tuple[FusionVariant, ...]] = {"behind": BEHIND, "losses": LOSSES}


def run_all(
    variants: Sequence[FusionVariant],
    seeds: Sequence[int],
    portraits: tuple[Sequence[Portrait], Sequence[Portrait]],
    budget: Budget,
    runs: Path,
    engine: Path,
) -> dict[str, list[dict[str, float]]]:
    """Scores of every variant, a dictionary for each seed; from `runs` where they stand there."""
    found: dict[str, list[dict[str, float]]] = {variant.name: [] for variant in variants}
    weights = sha256(engine / WEIGHTS)
    workshop = Workshop(portraits, budget, runs, engine)
    for seed in seeds:
        for variant in variants:
            what = [asdict(variant), seed, asdict(budget), weights]
            stated = json.dumps(what, sort_keys=True)
            kept = runs / f"{variant.name.replace(' ', '_')}_{seed}.json"
            scores = _read(kept, stated)
            if scores is None:
                scores = workshop.scores(variant, seed)
                with whole_file(kept) as file:
                    file.write(json.dumps({"stated": stated, "scores": scores}).encode())
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
    parser.add_argument("--pairs", type=int, default=1536, help="the transformers are trained on")
    parser.add_argument("--epochs", type=int, default=20, help="of these pairs")
    parser.add_argument("--tested", type=int, default=384)
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
        "behind": (
            f"## Transformers and heads\n\nThe displacement module was trained on {trained_on}.\n"
        ),
        "losses": (
            "## Losses of the displacement module\n\nThe module is trained from nothing on "
            f"{12 * budget.module_steps} pairs, two windows of 112 px each.\n"
        ),
    }
    text = "# Ablation of the network\n\n"
    text += "Each row leaves out or changes one part. All rows of a table have the same reduced "
    text += "budget, so they can be compared with one another only.\n\n"
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
