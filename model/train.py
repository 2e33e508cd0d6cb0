"""Train the network: `python -m model.train --data synthetic --output DIR --minutes N`.

Three phases, each a fixed share of the run: the DGM alone on windows of the faces and their
true displacement; the transformers and heads on a DGM that is held still; both together.  The
length is chosen beforehand and the last weights are kept: held-out identities are never looked
at.  A run that was killed goes on with `--resume`.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from safetensors.torch import load_file
from torch import Tensor, nn

from model import checkpoint, losses
from model.engine_folder import WEIGHTS
from model.frl_dgt import FrlDgt, standardise
from model.schedule import Length, Phase, TrainSettings, phase_at
from model.synthetic.portraits import Portrait, find_portraits, load_cache, save_cache, split
from model.synthetic.stream import Batch, PairStream
from realtime.errors import DataError, FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
PORTRAITS = "portraits.npz"


def cut_windows(batch: Batch, size: int, count: int, rng: np.random.Generator) -> Batch:
    """`count` square windows of every pair at places of their own."""
    corners = [
        (row, *rng.integers(0, batch.pair.shape[-1] - size + 1, 2))
        for row in np.repeat(np.arange(len(batch.pair)), count)
    ]

    def cut(maps: Tensor) -> Tensor:
        return torch.stack([maps[b, ..., y : y + size, x : x + size] for b, y, x in corners])

    return Batch(
        pair=cut(batch.pair),
        displacement=cut(batch.displacement),
        valid=cut(batch.valid),
        label=batch.label.repeat_interleave(count),
    )


def loss_terms(
    model: FrlDgt, batch: Batch, phase: str, weights: losses.Weights
) -> dict[str, Tensor]:
    """Weighted loss terms of one batch."""
    pair = batch.pair.to(memory_format=torch.channels_last)
    frames = standardise(pair)
    scale = model.config.full_scale_px
    terms: dict[str, Tensor] = {}
    with torch.autocast("cpu", torch.bfloat16):
        if phase == "displacement":
            displacement = model.dgm(frames) * scale
        else:
            with torch.set_grad_enabled(phase == "joint"):
                raw = model.dgm(frames)
            output = model.recognise(pair, raw)
            displacement = output.displacement
    if phase != "displacement":
        terms["classes"] = weights.classes * losses.classes(output.logits, batch.label)
        terms["event"] = weights.event * losses.event(output.micro_logit, batch.label)
    if phase != "fusion":
        terms["displacement"] = weights.displacement * losses.endpoint(
            displacement, batch.displacement, batch.valid
        )
        terms["photometric"] = weights.photometric * losses.photometric(
            frames, displacement, batch.valid
        )
        terms["smoothness"] = weights.smoothness * losses.smoothness(displacement)
    return terms


def set_mode(model: FrlDgt, phase: str) -> None:
    """Batch statistics are gathered in the first phase only: later batches are too small."""
    model.train()
    if phase != "displacement":
        model.dgm.eval()


def make_optimiser(model: nn.Module, settings: TrainSettings) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=0.0,
        betas=(0.9, 0.98),
    )


def train(
    portraits: Sequence[Portrait],
    output: Path,
    length: Length,
    settings: TrainSettings | None = None,
    *,
    resume: bool = False,
    start_from: Path | None = None,
    workers: int = 0,
    save_every_s: float = 120.0,
) -> FrlDgt:
    """Train on every portrait given; the checkpoint in `output` is the result."""
    settings = settings or TrainSettings()
    torch.manual_seed(settings.seed)
    model = FrlDgt()
    if start_from is not None and not resume:
        model.load_state_dict(load_file(start_from / WEIGHTS))
    model = model.to(memory_format=torch.channels_last)
    optimiser = make_optimiser(model, settings)
    path = output / CHECKPOINT
    # The portraits' names are part of the settings: held-out ones must stay so on resuming.
    stated = {**asdict(settings), "portraits": [portrait.name for portrait in portraits]}
    progress = checkpoint.Progress()
    if resume:
        progress = checkpoint.resume(path, model, optimiser, stated)
        log.info("going on at step %d after %.0f s", progress.step, progress.elapsed_s)
    elif path.exists():
        raise DataError(f"{path} exists: go on with --resume, or choose another folder")
    output.mkdir(parents=True, exist_ok=True)
    stream = PairStream(portraits, settings.seed, progress.next_index, workers)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.1f} %"),
        TimeElapsedColumn(),
    )
    before, started = progress.elapsed_s, time.monotonic()
    saved = started
    with closing(_Reports(output)) as reports, Bar(*columns) as bar:
        task = bar.add_task("training", total=1.0)
        while (done := length.done(progress)) < 1.0:
            phase, rate = phase_at(settings, done)
            for group in optimiser.param_groups:
                group["lr"] = rate
            terms = _step(model, optimiser, stream, phase, settings, progress.step)
            progress.step += 1
            progress.next_index = stream.next_index
            now = time.monotonic()
            progress.elapsed_s = before + now - started
            bar.update(task, completed=done, description=f"{phase.name} {progress.step}")
            reports.add(terms, progress, f"{100 * done:5.1f} % {phase.name}")
            if now - saved >= save_every_s:
                checkpoint.save(path, model, optimiser, progress, stated)
                saved = now
    checkpoint.save(path, model, optimiser, progress, stated)
    return model.eval()


def _step(
    model: FrlDgt,
    optimiser: torch.optim.Optimizer,
    stream: PairStream,
    phase: Phase,
    settings: TrainSettings,
    step: int,
) -> dict[str, float]:
    set_mode(model, phase.name)
    batch = stream.take(phase.batch)
    if phase.name == "displacement":
        rng = np.random.default_rng([settings.seed, step])
        batch = cut_windows(batch, settings.window_px, settings.windows, rng)
    terms = loss_terms(model, batch, phase.name, settings.weights)
    total = torch.stack(list(terms.values())).sum()
    if not bool(torch.isfinite(total)):
        raise DataError(f"the loss is not a number at step {step}: {terms}")
    optimiser.zero_grad(set_to_none=True)
    total.backward()
    nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
    optimiser.step()
    return {name: float(value.detach()) for name, value in terms.items()}


class _Reports:
    """Means of the loss terms, to the log twice a minute and to TensorBoard if it is there."""

    def __init__(self, folder: Path, every_s: float = 30.0) -> None:
        self.every_s = every_s
        self._terms: dict[str, list[float]] = {}
        self._last = time.monotonic()
        self._board: Any = None
        if importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "board"))

    def add(self, terms: dict[str, float], progress: checkpoint.Progress, where: str) -> None:
        for name, value in terms.items():
            self._terms.setdefault(name, []).append(value)
        if time.monotonic() - self._last < self.every_s:
            return
        means = {name: float(np.mean(values)) for name, values in self._terms.items()}
        listed = "  ".join(f"{name} {mean:.4f}" for name, mean in means.items())
        log.info("%s step %d pairs %d  %s", where, progress.step, progress.next_index, listed)
        if self._board is not None:
            for name, mean in means.items():
                self._board.add_scalar(f"loss/{name}", mean, progress.step)
        self._terms, self._last = {}, time.monotonic()

    def close(self) -> None:
        if self._board is not None:
            self._board.close()


def gather_portraits(folder: Path | None, output: Path, model_path: Path | None) -> list[Portrait]:
    """Aligned portraits, from the cache of an earlier run in `output` if there is one."""
    cache = output / PORTRAITS
    if cache.exists():
        return load_cache(cache)
    portraits = find_portraits(folder, LandmarkTracker(face_model(model_path)))
    output.mkdir(parents=True, exist_ok=True)
    save_cache(cache, portraits)
    return portraits


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="model.train", description=__doc__.split("\n")[0])
    parser.add_argument("--data", choices=["synthetic"], default="synthetic")
    parser.add_argument("--portraits", type=Path, help="folder of face photographs")
    parser.add_argument("--face-model", type=Path, help="face_landmarker.task to find faces with")
    parser.add_argument("--output", type=Path, required=True)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float)
    length.add_argument("--steps", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seed", type=int, default=TrainSettings().seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw pairs")
    parser.add_argument("--save-every-s", type=float, default=120.0)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(given.threads)
    try:
        portraits = gather_portraits(given.portraits, given.output, given.face_model)
        seen, held_out = split(portraits)
        log.info("%d identities to train on, %d held out", len(seen), len(held_out))
        train(
            seen,
            given.output,
            Length(given.steps, given.minutes),
            TrainSettings(seed=given.seed),
            resume=given.resume,
            workers=given.workers,
            save_every_s=given.save_every_s,
        )
    except FleetingError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
