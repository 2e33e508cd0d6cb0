"""Means of the loss terms of a run, to its log and to TensorBoard.  Called by `loop`."""

from __future__ import annotations

import importlib.util
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np

from model.training.checkpoint import TrainingProgress

log = logging.getLogger(__name__)


class LossReports:
    """Means of the loss terms, to the log twice a minute and to TensorBoard if it is there."""

    def __init__(self, folder: Path | None, every_s: float = 30.0) -> None:
        self.every_s = every_s
        self._terms: dict[str, list[float]] = {}
        self._last = time.monotonic()
        self._board: Any = None
        if folder is not None and importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "board"))

    def add(self, terms: dict[str, float], progress: TrainingProgress, where: str) -> None:
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
