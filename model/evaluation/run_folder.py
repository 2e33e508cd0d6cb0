"""The folder of a run of folds: its settings, and the predictions of each fold.

    OUTPUT/run.json                the settings the run was begun with
    OUTPUT/FOLD/predictions.csv    a row for each test record: index, truth, p0, p1, ...

Every file is there whole or not at all.  Called by `model.evaluation.fold_runner`, and by all that
scores a run afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realtime.atomic_file import whole_file
from realtime.errors import DataError

RUN = "run.json"
PREDICTIONS = "predictions.csv"


@dataclass(frozen=True, slots=True)
class Prediction:
    index: int  # of the record
    truth: int  # class
    probabilities: tuple[float, ...]  # of each class, 0 to 1


def claim(output: Path, settings: Mapping[str, Any]) -> None:
    """Make the folder that of a run with these settings, or see that it is.

    Raises:
        DataError: if it is of a run with other settings, or of none.
    """
    text = json.dumps(settings, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    path = output / RUN
    if not path.exists():
        if any(output.glob(f"*/{PREDICTIONS}")):
            raise DataError(f"{output} holds predictions but no {RUN}: choose another folder")
        _write(path, text)
        return
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read, choose another folder: {error}") from error
    stated = json.loads(text)  # as it would be read back: a tuple is a list there
    changed = sorted(
        name
        for name in {*stated, *found}
        if (name in stated, stated.get(name)) != (name in found, found.get(name))
    )
    if changed:
        raise DataError(
            f"{output} was begun with another {', '.join(changed)}: choose another folder, or the"
            " settings it was begun with"
        )


def write_predictions(path: Path, predictions: Sequence[Prediction]) -> None:
    """Columns index, truth, p0, p1, ...; `read_predictions` gives back exactly these numbers.

    Raises:
        DataError: if the file cannot be written.
    """
    classes = len(predictions[0].probabilities) if predictions else 0
    rows = [",".join(["index", "truth", *(f"p{i}" for i in range(classes))])]
    for each in predictions:
        numbers = [repr(float(p)) for p in each.probabilities]  # the shortest that is exact
        rows.append(",".join([str(int(each.index)), str(int(each.truth)), *numbers]))
    _write(path, "\n".join(rows) + "\n")


def read_predictions(path: Path) -> list[Prediction]:
    """What `write_predictions` was given.

    Raises:
        DataError: if the file is missing or damaged.
    """
    try:
        _, *rows = path.read_text("ascii").splitlines()
        cells = [row.split(",") for row in rows]
        return [Prediction(int(i), int(t), tuple(map(float, p))) for i, t, *p in cells]
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read, remove it and run again: {error}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}") from error
