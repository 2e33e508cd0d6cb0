"""What `fleeting predict` does: a pair file in, the same rows with the engine's answer out."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.datasets.pair_file import PairRow, aligned_pairs, read_rows
from model.evaluation.recogniser import Recogniser
from model.progress import progress
from realtime.atomic_file import whole_file
from realtime.engine.folder import default_engine
from realtime.errors import DataError, EngineError
from realtime.event import CLASSES
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

log = logging.getLogger(__name__)

ADDED = ("pred", *(f"p_{name}" for name in CLASSES), "p_micro")


def answered(
    row: PairRow, crops: NDArray[np.uint8] | None, recogniser: Recogniser
) -> dict[str, str]:
    """The row's own columns and the answer's; crops (2, 224, 224), None without a face."""
    if crops is None:
        return {**row.columns, **dict.fromkeys(ADDED, "")}
    prediction = recogniser.predict(crops[None])
    shares = prediction.probabilities[0]
    figures = (*shares, prediction.micro[0])
    values = (CLASSES[int(shares.argmax())], *(f"{figure:.6f}" for figure in figures))
    return {**row.columns, **dict(zip(ADDED, values, strict=True))}


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Whole or not at all."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    try:
        with whole_file(path) as file:
            file.write(text.getvalue().encode())
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}") from error


def run(
    pairs: Path,
    out: Path,
    *,
    engine: Path | None = None,
    backend: str = "auto",
    threads: int = 1,
    face_model_file: Path | None = None,
) -> None:
    """Answer every row of a pair file; see `fleeting predict --help`.

    Args:
        engine: its folder; None: that which came with the program.

    Raises:
        DataError: the pair file, or the answer cannot be written.
        EngineError: the engine cannot be used.
    """
    rows = read_rows(pairs)
    engine = engine or default_engine()
    if engine is None:
        raise EngineError("no engine came with the program: name one with --engine")
    recogniser = Recogniser(engine, backend, threads)
    tracker = LandmarkTracker(face_model(face_model_file))
    answers = [
        answered(row, crops, recogniser)
        for row, crops in progress(aligned_pairs(rows, tracker), "pairs", total=len(rows))
    ]
    write_rows(out, answers)
    empty = sum(not row["pred"] for row in answers)
    log.info("%d pairs, %d without a face: %s", len(answers), empty, out)
