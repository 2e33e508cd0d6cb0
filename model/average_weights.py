"""Half way between two engines: `python -m model.average_weights BEFORE AFTER --output DIR`.

AFTER was trained on from BEFORE, so both lie in one valley of the loss, and between them is a
network too: it may keep what training on has cost.  Measure it before it is used.
Ends by writing the engine folder DIR.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load
from torch import Tensor

from model.engine.engine_folder import SELECTION, WEIGHTS, Provenance, read_description
from model.export_engine import export
from model.network.frl_dgt import FrlDgt
from realtime.engine.folder import EngineFolder
from realtime.errors import EngineError, FleetingError

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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="model.average_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("before", type=Path, help="engine folder")
    parser.add_argument("after", type=Path, help="engine folder")
    parser.add_argument("--output", type=Path, required=True, help="engine folder to write")
    parser.add_argument(
        "--selection",
        default=SELECTION,
        help="for the model card: how it came to be chosen",
    )
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        worst = average(given.before, given.after, given.output, given.selection)
    except FleetingError as error:
        log.error("%s", error)
        return error.exit_code
    log.info("wrote %s; largest difference from torch %.2g", given.output, worst)
    return 0


if __name__ == "__main__":
    sys.exit(main())
