"""The training loop: phases over a stream of pairs, checkpoints, resume.

The displacement module alone on windows of the faces; the transformers and heads on a module
that is frozen; both together; the heads for events and action units alone.  The length is chosen
beforehand and the last weights are kept: no test subject is ever used.  Called by `fleeting train`
and by the folds of `model.evaluation.cross_validate`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from torch import Tensor, nn

from model.network import losses
from model.network.displacement import standardise
from model.network.frl_dgt import FrlDgt
from model.network.network_config import Config
from model.synthetic.pair_stream import Batch, PairBatches
from model.training import checkpoint
from model.training.autocast import autocast
from model.training.loss_reports import LossReports
from model.training.pair_cache import PairCache
from model.training.parallel import World, join
from model.training.schedule import Length, Phase, TrainSettings, phase_at
from model.training.warm_start import start
from realtime.errors import DataError

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
_OWN_HEADS = ("event_head.", "au_head.")  # what the phase "event" trains; classes stay


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
        known=batch.known.repeat_interleave(count),
        acts=batch.acts.repeat_interleave(count, dim=0),
    )


def loss_terms(
    model: FrlDgt,
    batch: Batch,
    phase: str,
    weights: losses.Weights,
    raw: Tensor | None = None,
) -> dict[str, Tensor]:
    """Weighted loss terms of one batch; `raw` is the module's answer if it is known already."""
    device = next(model.parameters()).device
    batch = batch.to(device)
    pair = batch.pair.to(memory_format=torch.channels_last)
    frames = standardise(pair)
    scale = model.config.full_scale_px
    terms: dict[str, Tensor] = {}
    if raw is None:
        with autocast(device):
            raw = model.dgm(frames)
    displacement = raw * scale
    if phase != "displacement":
        # On a CPU the transformers' small products are slower in bf16, their gradients by half.
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu"):
            output = model.recognise(pair, raw.to(device))
        if phase != "event":
            terms["classes"] = weights.classes * losses.classes(output.logits, batch.label)
        terms["event"] = weights.event * losses.event(output.micro_logit, batch.label)
        terms["units"] = weights.units * losses.units(output.au_logits, batch.acts)
    if phase in ("displacement", "joint"):
        terms["displacement"] = weights.displacement * losses.endpoint(
            displacement, batch.displacement, batch.valid * batch.known[:, None, None]
        )
        unknown = ~batch.known | weights.supervise_known
        terms["photometric"] = weights.photometric * losses.photometric(
            frames, displacement, batch.valid * unknown[:, None, None]
        )
        terms["smoothness"] = weights.smoothness * losses.smoothness(displacement[unknown])
    return terms


def set_mode(model: FrlDgt, phase: str) -> None:
    """Freezes what a phase does not train.

    Batch statistics are gathered in the first phase only: later batches are too small.
    """
    model.train()
    if phase != "displacement":
        model.dgm.eval()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(phase != "event" or name.startswith(_OWN_HEADS))


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


def fit(
    output: Path,
    stream_from: Callable[[int, World], PairBatches],
    length: Length,
    settings: TrainSettings,
    stated: dict[str, Any],
    *,
    config: Config | None = None,
    resume: bool = False,
    start_from: Path | None = None,
    only_module: bool = False,
    save_every_s: float = 120.0,
) -> FrlDgt:
    """Train; the checkpoint in `output` is the result.

    `stream_from(index, world)` is this process's share of the training pairs from pair `index` on.
    `stated` is what else a run that goes on must have in common with its beginning: what is
    trained on.
    With `start_from` the weights of that engine folder are the beginning, or those of its
    displacement module.

    Raises:
        DataError: when there is a run in `output` and `resume` is not given, when the run there
            had other settings, or when the loss is not a number.
    """
    world = join()
    torch.manual_seed(settings.seed)
    model = FrlDgt(config)
    before = ""
    if resume:
        before = checkpoint.read(output / CHECKPOINT)["settings"].get("started_from", "")
    elif start_from is not None:
        before = start(model, start_from, only_module=only_module)
    model.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = make_optimiser(model, settings)
    path = output / CHECKPOINT
    stated = {**asdict(settings), **stated, "started_from": before}
    progress = checkpoint.TrainingProgress()
    if resume:
        progress = checkpoint.resume(path, model, optimiser, stated)
        log.info("going on at step %d after %.0f s", progress.step, progress.elapsed_s)
    elif path.exists():
        raise DataError(f"{path} exists: go on with --resume, or choose another folder")
    output.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.1f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    earlier_s, started = progress.elapsed_s, time.monotonic()
    saved = started
    quiet = not world.leads
    console = Console(stderr=True)
    with (
        closing(LossReports(None if quiet else output)) as reports,
        Bar(*columns, console=console, disable=quiet or not console.is_terminal) as bar,
    ):
        task = bar.add_task("training", total=1.0)

        def drawing(drawn: int, wanted: int) -> None:
            now_s = earlier_s + time.monotonic() - started
            done = length.done(replace(progress, elapsed_s=now_s))
            bar.update(task, completed=done, description=f"pairs {drawn} of {wanted}")

        run = _Run(model, optimiser, settings, progress, stream_from, length, world, drawing)
        step_s = 0.0  # of the last
        while (done := world.agree(_share_done(length, progress, step_s))) < 1.0:
            before_s = progress.elapsed_s
            phase, rate = phase_at(settings, done)
            bar.update(task, completed=done, description=f"{phase.name} {progress.step}")
            for group in optimiser.param_groups:
                group["lr"] = rate
            terms = run.step(phase)
            now = time.monotonic()
            progress.elapsed_s = earlier_s + now - started
            step_s = progress.elapsed_s - before_s
            reports.add(terms, progress, f"{100 * done:5.1f} % {phase.name}")
            if world.leads and now - saved >= save_every_s:
                checkpoint.save(path, model, optimiser, progress, stated)
                saved = now
        bar.update(task, completed=1.0)
    world.average_statistics(model)
    if world.leads:
        checkpoint.save(path, model, optimiser, progress, stated)
    return model.eval()


def _share_done(length: Length, progress: checkpoint.TrainingProgress, step_s: float) -> float:
    """1 too where the next step would go on beyond the run's time."""
    return length.done(progress) if length.has_room(progress, step_s) else 1.0


class _Run:
    """One step after another; all that a step depends on is in `progress`."""

    def __init__(
        self,
        model: FrlDgt,
        optimiser: torch.optim.Optimizer,
        settings: TrainSettings,
        progress: checkpoint.TrainingProgress,
        stream_from: Callable[[int, World], PairBatches],
        length: Length,
        world: World,
        drawing: Callable[[int, int], None],
    ) -> None:
        self._length, self._world, self._drawing = length, world, drawing
        self.model, self.optimiser, self.settings = model, optimiser, settings
        self.progress = progress
        self._cache: PairCache | None = None
        # A pair cache that was begun is drawn again from its beginning.
        first = progress.chapter_index if progress.chapter_step else progress.next_index
        self._stream = stream_from(first, world)

    def step(self, phase: Phase) -> dict[str, float]:
        set_mode(self.model, phase.name)
        batch, raw = self._next(phase)
        terms = loss_terms(self.model, batch, phase.name, self.settings.weights, raw)
        total = torch.stack(list(terms.values())).sum()
        if not bool(torch.isfinite(total)):
            raise DataError(f"the loss is not a number at step {self.progress.step}: {terms}")
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        self._world.average_gradients(self.model)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimiser.step()
        self.progress.step += 1
        self.progress.next_index = self._stream.next_index
        return {name: float(value.detach()) for name, value in terms.items()}

    def _next(self, phase: Phase) -> tuple[Batch, Tensor | None]:
        seed = self.settings.seed
        if phase.name in ("fusion", "event"):
            return self._read(phase)
        self._cache, self.progress.chapter_step = None, 0
        batch = self._stream.draw(phase.batch)
        if phase.name == "displacement":
            rng = np.random.default_rng([seed, self.progress.step])
            batch = cut_windows(batch, self.settings.window_px, self.settings.windows, rng)
        return batch, None

    def _read(self, phase: Phase) -> tuple[Batch, Tensor]:
        progress = self.progress
        if self._cache is None:
            # No longer than what is left to be read of it.
            begun = progress.step - progress.chapter_step
            left = self._length.steps_left(self.settings.phases, phase, begun)
            size = max(min(phase.cache_pairs, left * phase.batch // phase.epochs), phase.batch)
            known = progress.chapter_pairs if progress.chapter_step else 0
            if progress.chapter_step == 0:
                progress.chapter_index = self._stream.next_index
            seed = self.settings.seed + progress.chapter_index
            limit_s = self._length.drawing_s(self.settings.phases, phase, progress.elapsed_s)
            began = time.monotonic()

            def goes_on(drawn: int, wanted: int) -> bool:
                self._drawing(drawn, wanted)
                progress.chapter_pairs = drawn
                if known:  # a cache that was begun is drawn as long as it was
                    return drawn < known
                return drawn < phase.batch or time.monotonic() - began < limit_s

            self._cache = PairCache.fill(
                self.model, self._stream, size, seed, laid_in=phase.laid_in, goes_on=goes_on
            )
        batch = self._cache.batch(progress.chapter_step, phase.batch)
        progress.chapter_step += 1
        if progress.chapter_step >= phase.epochs * self._cache.steps(phase.batch):
            self._cache, progress.chapter_step = None, 0
        return batch
