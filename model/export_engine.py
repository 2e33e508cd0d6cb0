"""A trained network as an engine folder: `fleeting export-engine`.

Opset 20 and not 23: from there on torch writes ONNX `Attention`, which TensorRT refuses in
float32.  Two graphs are written, in float32 and in half precision for GPUs; each is compared with
torch before it is let out.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save_file
from torch import Tensor, nn

from model.engine.engine_folder import (
    CARD,
    WEIGHTS,
    Provenance,
    describe,
    read_description,
    sha256,
    write_description,
    write_folder,
)
from model.engine.model_card import card
from model.network.fast_inference import lean
from model.network.frl_dgt import FrlDgt, Output
from model.training import checkpoint
from realtime.engine.backends import HALF
from realtime.engine.folder import NETWORK, EngineFolder
from realtime.errors import EngineError
from realtime.face.geometry import CROP_SIZE

log = logging.getLogger(__name__)

OPSET = 20
MAX_BATCH = 16
PARITY = 1e-3  # of logits and of fusion weights, and of displacement in pixels
HALF_PARITY = 0.05  # the same in half precision
CANARY_SEED = 7


class _Named(nn.Module):
    """The exporter wants a plain tuple, and contiguous float32 maps."""

    def __init__(self, model: FrlDgt) -> None:
        super().__init__()
        self.model = model

    def forward(self, pair: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.model(pair))


_TALKERS = ("torch.onnx", "onnxscript", "onnx_ir")  # eight hundred lines about their own work


def write_onnx(model: FrlDgt, path: Path) -> None:
    """One file, dynamic batch, batch normalisation folded."""
    model = model.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    example = torch.rand(2, 2, CROP_SIZE, CROP_SIZE)
    batch = torch.export.Dim("batch", min=1, max=MAX_BATCH)
    for name in _TALKERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own deprecations
        program = torch.onnx.export(
            _Named(model),
            (example,),
            dynamo=True,
            dynamic_shapes=({0: batch},),
            input_names=["pair"],
            output_names=list(Output._fields),
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    program.save(str(path))
    _forget_origin(path)


def _forget_origin(path: Path) -> None:
    """The exporter notes the source line of every operator, with the paths of this machine."""
    network = onnx.load(str(path))
    graph = network.graph
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        part.doc_string = ""
        del part.metadata_props[:]
    onnx.save(network, str(path))


def half_of(model: FrlDgt) -> FrlDgt:
    """A copy whose convolutions and attention are in half precision.

    What divides (eq. 1, the frames' own normalisation), the heads and all outputs stay float32:
    eq. 1's ε of 1e-4 is hardly a number in half precision.
    """
    half = copy.deepcopy(model)
    half.dgm.half()
    half.fusion.half()
    return half


def canary_pair(seed: int = CANARY_SEED) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((1, 2, CROP_SIZE, CROP_SIZE)).astype(np.float32)


def check_parity(model: FrlDgt, path: Path, tolerance: float = PARITY) -> float:
    """Largest difference between torch and onnxruntime; refuses beyond the tolerance."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    noise = random.random((3, 2, CROP_SIZE, CROP_SIZE)).astype(np.float32)
    still = np.repeat(noise[:1, :1], 2, axis=1)
    worst = 0.0
    for pair in (canary_pair(), noise, still):
        with torch.no_grad():
            expected = model(torch.from_numpy(pair))
        answers = session.run(list(Output._fields), {"pair": pair})
        for name, answer, value in zip(Output._fields, answers, expected, strict=True):
            error = float(np.abs(answer - value.numpy()).max())
            if not error <= tolerance:
                raise EngineError(f"{name} of the export differs by {error:.2g} from torch")
            worst = max(worst, error)
    return worst


def export(model: FrlDgt, target: Path, provenance: Provenance) -> float:
    """Write the engine folder `target`; returns the largest difference from torch."""
    log.info("writing the engine %s, which takes up to a minute …", target)
    model = model.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    worst = 0.0

    def fill(folder: Path) -> None:
        nonlocal worst
        worst = _write_networks(model, folder)
        description = describe(folder, model.config, provenance, _canary(model))
        _write_words(folder, description)

    write_folder(target, fill)
    return worst


def _write_networks(model: FrlDgt, folder: Path) -> float:
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    cheaper = lean(model)
    write_onnx(cheaper, folder / NETWORK)
    worst = check_parity(model, folder / NETWORK)
    write_onnx(half_of(cheaper), folder / HALF)
    check_parity(model, folder / HALF, HALF_PARITY)
    return worst


def _write_words(folder: Path, description: Mapping[str, Any]) -> None:
    write_description(folder, description)
    (folder / CARD).write_text(card(description), "utf-8")


def _canary(model: FrlDgt) -> dict[str, Any]:
    with torch.no_grad():
        output = model(torch.from_numpy(canary_pair()))
    return {
        "seed": CANARY_SEED,
        "logits": [round(float(value), 6) for value in output.logits[0]],
        "micro_logit": round(float(output.micro_logit[0]), 6),
    }


def export_checkpoint(path: Path, target: Path, name: str, licence: str) -> float:
    """The engine folder of a training run; returns the largest difference from torch.

    Raises:
        DataError: when the checkpoint cannot be read.
        EngineError: when the export answers differently from torch.
    """
    state = checkpoint.read(path)
    model = FrlDgt()
    model.load_state_dict(state["model"])
    provenance = Provenance(
        name=name,
        trained_on=trained_on(state),
        licence=licence,
        seeds={"train": state["settings"]["seed"]},
        metrics={},
    )
    return export(model, target, provenance)


def export_anew(engine: Path, target: Path) -> float:
    """An engine's networks as this version writes them; its weights and what it says stay.

    An int8 network is left out: `fleeting calibrate precision` makes it from the new one.

    Raises:
        EngineError: it is no engine folder, or the export answers differently from torch.
    """
    old = EngineFolder.load(engine)
    model = FrlDgt()
    model.load_state_dict(load(old.read(WEIGHTS)))
    model = model.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    worst = 0.0

    def fill(folder: Path) -> None:
        nonlocal worst
        worst = _write_networks(model, folder)
        files = {name: sha256(folder / name) for name in (NETWORK, HALF, WEIGHTS)}
        _write_words(folder, read_description(engine) | {"files": files})

    write_folder(target, fill)
    return worst


_ALONE = {
    "displacement": "the displacement module alone, on ",
    "fusion": "all but the displacement module, on ",
    "joint": "",
    "event": "the event head alone, on ",
}


def trained_on(state: Mapping[str, Any]) -> str:
    """What a checkpoint's network has seen, in a sentence."""
    settings, progress = state["settings"], checkpoint.TrainingProgress(*state["progress"])
    footage = {name.split(" at ")[0] for name in settings.get("footage", [])}
    sources = (
        (len(settings.get("portraits", [])), "portrait photographs"),
        (len(footage), "videos of faces"),
        (len(settings.get("clips", [])), "annotated clips"),
    )
    named = " and ".join(f"{count} {what}" for count, what in sources if count)
    kind = "pairs of" if settings.get("clips") else "synthetic pairs made from"
    phases = {phase["name"] for phase in settings["phases"]}
    part = _ALONE[phases.pop()] if len(phases) == 1 else ""
    text = (
        f"{part}{progress.next_index} {kind} {named}; {progress.step} steps in "
        f"{progress.elapsed_s / 60:.0f} minutes"
    )
    before = settings.get("started_from")
    return f"{text}; before that: {before}" if before else text


def run(checkpoint_or_engine: Path, target: Path, *, name: str, licence: str) -> None:
    """Write the engine folder `target`; see `fleeting export-engine --help`."""
    if checkpoint_or_engine.is_dir():
        worst = export_anew(checkpoint_or_engine, target)
    else:
        worst = export_checkpoint(checkpoint_or_engine, target, name, licence)
    log.info("wrote %s; largest difference from torch %.2g", target, worst)
