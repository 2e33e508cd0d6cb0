"""`fleeting evaluate`, `predict`, `export-engine` and `average-weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from realtime.cli.command import command
from realtime.cli.options import option
from realtime.limits import Limits

PANEL = "Networks"

_SYNTHETIC, _PAIRS = "Synthetic pairs", "Pair file"

FaceModel = Annotated[Path | None, option("file face_landmarker.task")]
Threads = Annotated[int, option(Limits("processor threads of the engine", 1, 64))]


@command(
    "fleeting evaluate --engine runs/first/engine --portraits runs/first/portraits.npz",
    "fleeting evaluate --engine runs/first/engine --data pairs --pairs pairs.csv --write",
    log="%(message)s",
)
def evaluate(
    engine: Annotated[Path, option("engine folder")],
    data: Annotated[Literal["synthetic", "pairs"], option("what it is measured on")] = "synthetic",
    pairs: Annotated[
        Path | None, option("CSV of photographs, for --data pairs", panel=_PAIRS)
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        option("subject that was trained on, as often as needed", panel=_PAIRS, metavar="NAME"),
    ] = None,
    portraits: Annotated[
        Path | None,
        option("folder of face photographs, or portraits.npz of a run", panel=_SYNTHETIC),
    ] = None,
    count: Annotated[int, option(Limits("pairs drawn", 1, 10**7), panel=_SYNTHETIC)] = 1200,
    name: Annotated[
        str | None, option("what the figures are called in engine.json", default="that of --data")
    ] = None,
    write: Annotated[
        bool, option("put the figures into engine.json and the model card", "--write")
    ] = False,
    threads: Threads = 1,
    face_model: FaceModel = None,
) -> None:
    """Measure an engine on pairs whose classes are known.

    synthetic draws pairs from the held-out identities with a seed that training never uses; pairs
    reads a pair file.  What is measured is what ships: the runtime of the live path, not torch.
    """
    from model.evaluate import EvaluateOptions, run

    run(
        EvaluateOptions(
            engine=engine,
            data=data,
            pairs=pairs,
            leave_out=tuple(leave_out or ()),
            portraits=portraits,
            count=count,
            name=name,
            write=write,
            threads=threads,
            face_model=face_model,
        )
    )


@command(
    "fleeting predict pairs.csv --out predictions.csv",
    "fleeting predict pairs.csv --out predictions.csv --engine runs/mine/engine",
    interrupted="stopped; no answer was written",
    log="%(message)s",
)
def predict(
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS.csv", help="pair file")],
    out: Annotated[Path, option("file for the answers", metavar="FILE.csv")],
    engine: Annotated[
        Path | None, option("engine folder", default="that which came with the program")
    ] = None,
    backend: Annotated[
        str,
        option(
            "what runs the engine: auto, tensorrt, onnxruntime, openvino or torch; with a "
            "precision, openvino-int8"
        ),
    ] = "auto",
    threads: Threads = 1,
    face_model: FaceModel = None,
) -> None:
    """Classify pairs of photographs that a CSV file lists.

    The pair file has the columns onset_path and apex_path, paths relative to it: whole camera
    frames or photographs of a face, which is found and aligned as the live path does.  The answer
    holds the same rows and columns, and besides pred, p_negative, p_positive, p_surprise, and
    p_micro, the probability that the pair shows an event at all.  A row in which no face is found
    keeps its place with these left empty.
    """
    from model.predict import run

    run(
        pairs,
        out,
        engine=engine,
        backend=backend,
        threads=threads,
        face_model_file=face_model,
    )


@command(
    "fleeting export-engine runs/first/checkpoint.pt runs/first/engine --name first",
    "fleeting export-engine runs/first/engine runs/again",
    extra="train",
    log="%(message)s",
)
def export_engine(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="of a run, or an engine folder")
    ],
    engine: Annotated[Path, typer.Argument(metavar="DIR", help="engine folder to write")],
    name: Annotated[str, option("of the engine")] = "first",
    licence: Annotated[str, option("of its weights")] = "Apache-2.0",
) -> None:
    """Turn a trained network into an engine folder.

    Given an engine folder instead of a checkpoint, its networks are written again from its weights.
    """
    from model.export_engine import run

    run(checkpoint, engine, name=name, licence=licence)


@command(
    "fleeting average-weights runs/a/engine runs/b/engine --output runs/mean",
    "fleeting evaluate --engine runs/mean",
    extra="train",
    log="%(message)s",
)
def average_weights(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="engine folder")],
    after: Annotated[
        Path, typer.Argument(metavar="AFTER", help="engine folder that was trained on from BEFORE")
    ],
    output: Annotated[Path, option("engine folder to write")],
    selection: Annotated[
        str | None,
        option(
            "how it came to be chosen, for the model card",
            default="as a trained engine",
        ),
    ] = None,
) -> None:
    """Write the mean of two engines' weights as an engine.

    AFTER was trained on from BEFORE, so both lie in one valley of the loss, and between them is a
    network too: it may keep what further training has cost.  Measure it before it is used.
    """
    from model.average_weights import run

    run(before, after, output, selection)
