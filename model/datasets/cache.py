"""Aligned clips of a dataset, kept on disk: alignment takes minutes and never changes.

Called by the trainer.  One .npz a dataset and label set, in a folder the caller gives; its name
holds a hash of the records, so another selection is another file.
"""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from model.datasets.align import MOST_FRAMES, AlignedClip, R, align_clip
from model.datasets.record import Dataset, Record
from model.progress import progress
from realtime.face.face import FaceTracker

log = logging.getLogger(__name__)

_FORMAT = 1


def aligned(
    dataset: Dataset,
    label_of: Callable[[Record], int | None],
    tracker: FaceTracker,
    folder: Path,
) -> list[AlignedClip]:
    """The micro-expressions of a dataset that the label set holds and whose face is found.

    What is left out for want of a face goes into the dataset's report.
    """
    chosen = [
        (record, label)
        for record in dataset.records
        if record.kind == "micro" and (label := label_of(record)) is not None
    ]
    path = folder / f"{dataset.name}-{_key(chosen)}.npz"
    if path.exists():
        try:
            return _read(path, dataset)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            log.warning("%s is damaged and made again: %s", path, error)
    clips = []
    for record, label in progress(chosen, f"aligning {dataset.name}"):
        clip = align_clip(record, label, tracker)
        if isinstance(clip, str):
            dataset.report.skip(dataset.name, record.clip, clip)
        else:
            clips.append(clip)
    _write(path, clips)
    return clips


def _key(chosen: Sequence[tuple[Record, int]]) -> str:
    text = "\n".join(
        f"{record.subject} {record.clip} {record.onset} {record.apex} {record.offset} {label} "
        f"{record.fps} {record.frames.get(record.onset)}"
        for record, label in chosen
    )
    whole = f"{_FORMAT} {R} {MOST_FRAMES}\n{text}"
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _write(path: Path, clips: Sequence[AlignedClip]) -> None:
    arrays = {}
    for index, clip in enumerate(clips):
        arrays[f"{index}.name"] = np.array([clip.subject, clip.clip])
        arrays[f"{index}.place"] = np.array([clip.label, clip.apex, *clip.span])
        arrays[f"{index}.onset"] = clip.onset
        arrays[f"{index}.later"] = clip.later
        arrays[f"{index}.numbers"] = clip.numbers
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, count=len(clips), **arrays)
    part.replace(path)


def _read(path: Path, dataset: Dataset) -> list[AlignedClip]:
    clips = []
    with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        for index in range(int(held["count"])):
            subject, clip = held[f"{index}.name"].tolist()
            label, apex, *span = held[f"{index}.place"].tolist()
            crops = (held[f"{index}.onset"], held[f"{index}.later"], held[f"{index}.numbers"])
            clips.append(AlignedClip(dataset.name, subject, clip, label, *crops, apex, tuple(span)))
    return clips
