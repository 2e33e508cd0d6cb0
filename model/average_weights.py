"""The mean of two engines' weights as an engine: `fleeting average-weights`."""

from __future__ import annotations

import logging
from pathlib import Path

from safetensors.torch import load
from torch import Tensor

from model.engine.engine_folder import SELECTION, WEIGHTS, Provenance, read_description
from model.export_engine import export
from model.network.frl_dgt import FrlDgt
from realtime.engine.folder import EngineFolder
from realtime.errors import EngineError

log = logging.getLogger(__name__)


def mean_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> dict[str, Tensor]:
    """Counters are those of `other`.

    Raises:
        EngineError: they are not of one network.
    """
    if {k: v.shape for k, v in one.items()} != {k: v.shape for k, v in other.items()}:
        raise EngineError("the two engines are not of one network")
    return {
        name: ((one[name].double() + value.double()) / 2).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in other.items()
    }


def average(before: Path, after: Path, target: Path, selection: str) -> float:
    """Write the engine folder `target`; returns the largest difference from torch."""
    folders = [EngineFolder.load(path) for path in (before, after)]
    model = FrlDgt()
    model.load_state_dict(mean_weights(*(load(folder.read(WEIGHTS)) for folder in folders)))
    description = read_description(after)
    provenance = Provenance(
        name=description["name"],
        trained_on=f"mean of the weights before and after: {description['trained_on']}",
        licence=description["licence"],
        seeds=description["seeds"],
        metrics={},
        selection=selection,
    )
    return export(model, target, provenance)


def run(before: Path, after: Path, target: Path, selection: str | None) -> None:
    """Write the engine folder `target`; see `fleeting average-weights --help`.

    Args:
        selection: for the model card: how it came to be chosen; None: as any trained engine.
    """
    worst = average(before, after, target, selection or SELECTION)
    log.info("wrote %s; largest difference from torch %.2g", target, worst)
