"""A training run on disk: written whole or not at all, read without unpickling code."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from realtime.atomic_file import whole_file
from realtime.errors import DataError


@dataclass(slots=True)
class TrainingProgress:
    step: int = 0
    next_index: int = 0  # of the stream of pairs
    elapsed_s: float = 0.0  # training time, of all the runs so far
    chapter_index: int = 0  # of the stream, where the present pair cache begins
    chapter_step: int = 0  # steps made in it; 0 is none begun
    chapter_pairs: int = 0  # drawn from the stream for it; 0 is not known


def save(
    path: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: TrainingProgress,
    settings: dict[str, Any],
) -> None:
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "progress": list(astuple(progress)),
        "random": torch.get_rng_state(),
        "random_gpu": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
        "settings": settings,
    }
    with whole_file(path) as file:
        torch.save(state, file)


def read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        raise DataError(f"checkpoint {path} cannot be read: {error}") from error
    return state


def resume(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, settings: dict[str, Any]
) -> TrainingProgress:
    """Bring model, optimiser and the random state back; reject a run with other settings."""
    state = read(path)
    changed = sorted(name for name in settings if settings[name] != state["settings"].get(name))
    if changed:
        raise DataError(f"{path} was trained with another {', '.join(changed)}")
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["random"])
    if torch.cuda.is_available() and state.get("random_gpu") is not None:
        torch.cuda.set_rng_state(state["random_gpu"])
    return TrainingProgress(*state["progress"])
