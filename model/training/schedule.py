"""How a training run is laid out: its phases, learning rates, loss weights and length.

Called by the trainer.  Fixed before the run starts; nothing in it depends on held-out faces.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from model.network import losses
from model.training.checkpoint import TrainingProgress
from realtime.errors import SettingsError

_DRAWING = 0.4  # of what is left of a phase; the rest of it is for reading what was drawn


@dataclass(frozen=True, slots=True)
class Phase:
    name: str  # "displacement", "fusion", "joint" or "event"
    share: float  # of the run
    batch: int  # pairs a step
    first_rate: float  # learning rate, falling along a cosine
    last_rate: float
    cache_pairs: int = (
        0  # pairs, while the displacement module is frozen; see `model.training.pair_cache`
    )
    epochs: int = 1  # times that each cache is read
    laid_in: float = 0.0  # share of a cache: movements laid into pairs that show none


@dataclass(frozen=True, slots=True)
class TrainSettings:
    seed: int = 1
    phases: tuple[Phase, ...] = (
        Phase("displacement", 0.40, 12, 1e-3, 1e-4),
        Phase("fusion", 0.30, 32, 1e-3, 2e-4, cache_pairs=3072, epochs=6, laid_in=0.5),
        Phase("joint", 0.30, 8, 2e-4, 0.0),
        # only where requested
        Phase("event", 0.0, 32, 5e-4, 0.0, cache_pairs=3072, epochs=6, laid_in=0.5),
    )
    weights: losses.Weights = field(default_factory=losses.Weights)
    window_px: int = 112  # of the displacement phase: a quarter of the arithmetic
    windows: int = 2  # per pair
    weight_decay: float = 0.02
    clip: float = 1.0  # gradient norm
    warm_up: float = 0.03  # share of a phase


def scaled(
    phases: Sequence[Phase], shares: Sequence[float] | None, rates: float, batches: int = 1
) -> tuple[Phase, ...]:
    """The same phases with other shares, each in [0, 1], learning rates and batches multiplied.

    Raises:
        SettingsError: when the shares do not sum to 1.
    """
    shares = shares or [phase.share for phase in phases]
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise SettingsError(f"shares of the phases must sum to 1, not {sum(shares):g}")
    return tuple(
        replace(
            phase,
            share=share,
            batch=batches * phase.batch,
            first_rate=rates * phase.first_rate,
            last_rate=rates * phase.last_rate,
        )
        for phase, share in zip(phases, shares, strict=True)
        if share > 0
    )


def with_cache(phases: Sequence[Phase], pairs: int, epochs: int) -> tuple[Phase, ...]:
    """The same phases with pair caches of so many pairs, each read so many times."""
    return tuple(
        replace(phase, cache_pairs=pairs, epochs=epochs) if phase.cache_pairs else phase
        for phase in phases
    )


def phase_at(settings: TrainSettings, done: float) -> tuple[Phase, float]:
    """(phase, learning rate) when a share `done` of the run is behind."""
    start = 0.0
    for phase in settings.phases:
        if done < start + phase.share:
            break
        start += phase.share
    inside = min((done - start) / phase.share, 1.0)
    fall = 0.5 * (1 + math.cos(math.pi * inside))
    rate = phase.last_rate + (phase.first_rate - phase.last_rate) * fall
    return phase, rate * min(1.0, inside / settings.warm_up + 0.01)


@dataclass(frozen=True, slots=True)
class Length:
    """When a run is over: after so many steps, or so many minutes of training."""

    steps: int | None = None
    minutes: float | None = None

    def done(self, progress: TrainingProgress) -> float:
        """Share of the run that is behind; 1 and more: it is over."""
        if self.steps is not None:
            return progress.step / self.steps
        assert self.minutes is not None
        return progress.elapsed_s / (60 * self.minutes)

    def has_room(self, progress: TrainingProgress, step_s: float) -> bool:
        """Whether a step that takes so long ends by the clock; in a run of steps it always does."""
        return self.minutes is None or progress.elapsed_s + step_s <= 60 * self.minutes

    def drawing_s(self, phases: Sequence[Phase], phase: Phase, elapsed_s: float) -> float:
        """How long a pair cache may be drawn; in a run of steps, as long as it takes."""
        if self.minutes is None:
            return math.inf
        end = sum(earlier.share for earlier in phases[: phases.index(phase) + 1])
        return max(0.0, _DRAWING * (60 * self.minutes * end - elapsed_s))

    def steps_left(self, phases: Sequence[Phase], phase: Phase, step: int) -> int:
        """Steps from `step` to the end of a phase; in a run of minutes, more than there will be."""
        if self.steps is None:
            return sys.maxsize
        end = sum(earlier.share for earlier in phases[: phases.index(phase) + 1])
        return math.ceil(self.steps * end - 1e-9) - step
