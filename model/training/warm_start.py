"""Start a training run from the weights of an engine.  For `training.loop` and the ablation."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from model.engine.engine_folder import WEIGHTS, read_description
from model.network.frl_dgt import FrlDgt
from realtime.errors import DataError

# Heads that engines before them lack: they begin from nothing.
_ADDED = ("au_head.", "event_head.")


def start(model: FrlDgt, engine: Path, *, only_module: bool = False) -> str:
    """Give the model an engine's weights; returns what they were trained on.

    With `only_module` those of the displacement module alone.  What has another shape here, as the
    last layer of the class head for a label set of another size, keeps its initial values.
    """
    try:
        weights = load_file(engine / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{engine} holds no weights to start from: {error}") from error
    own = model.state_dict()
    sought = {name for name in own if name.startswith("dgm.") or not only_module}
    # Around the module the network may have been built otherwise when the engine was trained.
    found = set(weights) & sought if only_module else set(weights)
    if found - sought or any(not name.startswith(_ADDED) for name in sought - found):
        raise DataError(f"{engine} holds the weights of another network")
    fitting = {
        name: weights[name] for name in sought & found if weights[name].shape == own[name].shape
    }
    model.load_state_dict({**own, **fitting})
    before = str(read_description(engine)["trained_on"])
    return f"the displacement module alone, on {before}" if only_module else before
