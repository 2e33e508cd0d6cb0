"""Aligned pairs of people and what is known of them: of a pair file, or cut from films."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.datasets.pair_file import align_pictures, aligned_pairs, read_rows
from model.progress import progress
from model.synthetic.recipe import NON_EVENT
from realtime.capture.video_file import VideoFile
from realtime.errors import DataError
from realtime.event import ACTION_UNITS, CLASSES
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

_SEED = 5  # of the pairs between the events
_GAP_S = (0.12, 0.25)  # from onset to apex


# Pair, label, subject, kind, peak, units, side: a row of PeoplePairs.
_Row = tuple[NDArray[np.uint8], int, str, str, float, list[bool], str]


@dataclass(frozen=True, slots=True)
class PeoplePairs:
    """Pairs and what is known of them, row for row."""

    pairs: NDArray[np.uint8]  # (n, 2, 224, 224)
    label: NDArray[np.intp]  # (n,) index into CLASSES, or NON_EVENT
    subject: NDArray[np.str_]  # (n,)
    kind: NDArray[np.str_]  # (n,)
    peak_iod: NDArray[np.float64]  # (n,)
    units: NDArray[np.bool_]  # (n, 11) which of ACTION_UNITS act
    side: NDArray[np.str_]  # (n,) "L", "R", "B", or "" where it is not known


def read_people(path: Path) -> PeoplePairs:
    """Aligned pairs; those without a face or a known label are left out."""
    kept = list(_from_films(path) if path.is_dir() else _from_pair_file(path))
    if not kept:
        raise DataError(f"{path} has no labelled pair whose face is found")
    return PeoplePairs(*(np.array(column) for column in zip(*kept, strict=True)))


def _from_pair_file(path: Path) -> Iterator[_Row]:
    labels = {**{name: index for index, name in enumerate(CLASSES)}, "none": NON_EVENT}
    rows = read_rows(path)
    tracker = LandmarkTracker(face_model())
    for row, crops in progress(aligned_pairs(rows, tracker), "aligning", len(rows)):
        if crops is None or row.label not in labels:
            continue
        acts = _acts(row.columns.get("aus", "").split("+"))
        kind, side = row.columns.get("kind", ""), row.columns.get("side", "")
        yield crops, labels[row.label], row.subject, kind, row.peak_iod or 0.0, acts, side


def _from_films(folder: Path) -> Iterator[_Row]:
    """Every event of films with events, and pairs between them an onset-to-apex time apart."""
    try:
        films = json.loads((folder / "truth.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}/truth.json cannot be read: {error}") from error
    tracker, rng = LandmarkTracker(face_model()), np.random.default_rng(_SEED)
    for film in progress([f for f in films if f["events"]], "films"):
        with closing(VideoFile(folder / film["file"])) as video:
            frames = list(iter(video.read, None))
        t_s = np.array([frame.t_ns for frame in frames]) * 1e-9
        t_s -= t_s[0]
        for event in [*film["events"], *_between(rng, film["events"], float(t_s[-1]))]:
            first = int(np.abs(t_s - event["onset_s"]).argmin())
            last = max(int(np.abs(t_s - event["apex_s"]).argmin()), first + 1)
            shown = [(frame.t_ns, frame.image) for frame in frames[first : last + 1]]
            crops = align_pictures(shown, tracker)
            if crops is None:
                continue
            label = CLASSES.index(event["label"]) if event["label"] else NON_EVENT
            acts = _acts([str(unit) for unit in event["aus"]])
            pair = np.stack([crops[0], crops[-1]])
            person, kind = film.get("person", film["file"]), film["kind"]
            yield pair, label, person, kind, event["amp_iod"], acts, event.get("side", "")


def _between(
    rng: np.random.Generator, events: Sequence[Mapping[str, Any]], end_s: float
) -> Iterator[dict[str, Any]]:
    """Twice as many pairs as events, each at least a tenth of a second away from all of them."""
    wanted = 2 * len(events)
    for onset_s in rng.uniform(0.5, max(end_s - 0.5, 0.6), 20 * wanted):
        apex_s = onset_s + rng.uniform(*_GAP_S)
        free = all(
            apex_s < event["onset_s"] - 0.1 or onset_s > event["offset_s"] + 0.1 for event in events
        )
        if free and wanted:
            wanted -= 1
            yield {"onset_s": onset_s, "apex_s": apex_s, "label": "", "aus": [], "amp_iod": 0.0}


def _acts(units: Sequence[str]) -> list[bool]:
    return [any(part in units for part in name.split("+")) for name in ACTION_UNITS]
