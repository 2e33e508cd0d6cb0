"""Classify pairs of photographs: `python -m model.predict PAIRS.csv --out PREDICTIONS.csv`.

The pair file has the columns onset_path and apex_path, paths relative to it: whole camera frames
or photographs of a face, which is found and aligned as the live path does.  The answer holds the
same rows and columns, and besides pred, p_negative, p_positive, p_surprise, and p_micro, the
probability that the pair shows an event at all.  A row in which no face is found keeps its place
with these left empty.
"""

from __future__ import annotations

import argparse
import csv
import io
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.datasets.pair_file import PairRow, aligned_pairs, read_rows
from model.evaluation.recogniser import Recogniser
from model.progress import progress
from realtime.atomic_file import whole_file
from realtime.engine.folder import default_engine
from realtime.errors import DataError, EngineError, FleetingError
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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="model.predict",
        description="Classify pairs of photographs listed in a CSV file.",
        epilog="Columns of the pair file: onset_path, apex_path (relative to it), any others.",
    )
    parser.add_argument("pairs", type=Path, help="pair file (.csv)")
    parser.add_argument("--out", type=Path, required=True, help="where to write the answers (.csv)")
    parser.add_argument("--engine", type=Path, default=default_engine(), help="engine folder")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--face-model", type=Path, help="face_landmarker.task to find faces with")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        rows = read_rows(given.pairs)
        if given.engine is None:
            raise EngineError("no engine came with the program: name one with --engine")
        recogniser = Recogniser(given.engine, given.backend, given.threads)
        tracker = LandmarkTracker(face_model(given.face_model))
        answers = [
            answered(row, crops, recogniser)
            for row, crops in progress(aligned_pairs(rows, tracker), "pairs", total=len(rows))
        ]
        write_rows(given.out, answers)
    except FleetingError as error:
        log.error("%s", error)
        return error.exit_code
    except KeyboardInterrupt:
        log.error("stopped; %s was not written", given.out)
        return 130
    empty = sum(not row["pred"] for row in answers)
    log.info("%d pairs, %d without a face: %s", len(answers), empty, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
