"""How a training run is laid out: its phases, learning rates, loss weights and length.

Called by the trainer.  Fixed before the run starts; nothing in it depends on held-out faces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from model import losses
from model.checkpoint import Progress


@dataclass(frozen=True, slots=True)
class Phase:
    name: str  # "displacement", "fusion" or "joint"
    share: float  # of the run
    batch: int  # pairs a step
    first_rate: float  # learning rate, falling along a cosine
    last_rate: float


@dataclass(frozen=True, slots=True)
class TrainSettings:
    seed: int = 1
    phases: tuple[Phase, ...] = (
        Phase("displacement", 0.40, 12, 1e-3, 1e-4),
        Phase("fusion", 0.30, 16, 1e-3, 2e-4),
        Phase("joint", 0.30, 8, 2e-4, 0.0),
    )
    weights: losses.Weights = field(default_factory=losses.Weights)
    window_px: int = 112  # of the displacement phase: a quarter of the arithmetic
    windows: int = 2  # per pair
    weight_decay: float = 0.02
    clip: float = 1.0  # gradient norm
    warm_up: float = 0.03  # share of a phase


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

    def done(self, progress: Progress) -> float:
        if self.steps is not None:
            return progress.step / self.steps
        assert self.minutes is not None
        return progress.elapsed_s / (60 * self.minutes)
