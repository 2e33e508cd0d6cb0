"""Pairs of photographs from a CSV file, aligned as the live path aligns frames.

Called by the evaluation and by prediction; `align_pictures` also by `model.datasets.align`.  The
face is found on the onset picture; the apex is laid onto it by the stabiliser, so what is left
between the two is the face's own motion.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import DataError
from realtime.face.face import FaceTracker
from realtime.motion.stabiliser import Stabiliser

log = logging.getLogger(__name__)

APEX_NS = 160_000_000  # the usual time from onset to apex; any time below the gap limit does


@dataclass(frozen=True, slots=True)
class PairRow:
    onset: Path
    apex: Path
    label: str  # class, "none" for a non-event, or "" if unknown
    subject: str
    peak_iod: float | None  # peak motion if it is known
    columns: Mapping[str, str]  # of the file, as they were


def read_rows(path: Path) -> list[PairRow]:
    """Rows of a pair file; paths in it are relative to the file's folder."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"pair file {path} cannot be read: {error}") from error
    if not rows or not {"onset_path", "apex_path"} <= set(rows[0]):
        raise DataError(f"{path} needs the columns onset_path and apex_path, and a row")
    if any(None in row for row in rows):
        raise DataError(f"{path} has a row with more cells than columns")
    return [_row(path.parent, {name: cell or "" for name, cell in row.items()}) for row in rows]


def _row(folder: Path, row: dict[str, str]) -> PairRow:
    try:
        peak = float(row["amp_iod"]) if row.get("amp_iod") else None
    except ValueError as error:
        raise DataError(f"{row['onset_path']}: amp_iod is not a number") from error
    return PairRow(
        onset=folder / row["onset_path"],
        apex=folder / row["apex_path"],
        label=row.get("label") or "",
        subject=row.get("subject") or "",
        peak_iod=peak,
        columns=row,
    )


def align_pictures(
    pictures: Iterable[tuple[int, NDArray[np.uint8]]], tracker: FaceTracker
) -> list[NDArray[np.uint8]] | None:
    """Grey crops (224, 224) of pictures of one face; None as soon as it is not found.

    Each picture is (t_ns, BGR), in time order, the onset first.  One stabiliser follows them
    all, as live: it carries each crop on from the one before.  It gives up, as live, after a gap
    of more than `StabiliserConfig.max_gap_s`.
    """
    tracker.reset()
    stabiliser = Stabiliser()
    crops = []
    for t_ns, image in pictures:
        faces = tracker.track(t_ns, image)
        if not faces:
            return None
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        crops.append(stabiliser.align(t_ns, grey, faces[0]).crop)
    return crops


def align_pair(
    onset: NDArray[np.uint8], apex: NDArray[np.uint8], tracker: FaceTracker
) -> NDArray[np.uint8] | None:
    """(2, 224, 224) grey crops of two BGR pictures of the same face; None without a face."""
    crops = align_pictures(((0, onset), (APEX_NS, apex)), tracker)
    return None if crops is None else np.stack(crops)


def aligned_pairs(
    rows: list[PairRow], tracker: FaceTracker
) -> Iterator[tuple[PairRow, NDArray[np.uint8] | None]]:
    """Every row with its crops (2, 224, 224), or with None where no face is found."""
    for row in rows:
        pictures = [cv2.imread(str(path), cv2.IMREAD_COLOR) for path in (row.onset, row.apex)]
        for path, picture in zip((row.onset, row.apex), pictures, strict=True):
            if picture is None:
                raise DataError(f"{path} is not a readable picture")
        crops = align_pair(
            np.asarray(pictures[0], np.uint8), np.asarray(pictures[1], np.uint8), tracker
        )
        if crops is None:
            log.warning("no face found in %s or %s", row.onset, row.apex)
        yield row, crops
