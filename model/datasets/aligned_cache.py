"""Aligned clips of a dataset, kept on disk: alignment takes minutes and never changes.

Called by the trainer.  One .npz a dataset and label set, in a folder the caller gives; its name
holds a hash of the records, so another selection is another file.  It also holds what could not
be aligned and why: a later run must report that like the first.
"""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.datasets.align import MOST_FRAMES, AlignedClip, R, align_clip
from model.datasets.record import Dataset, Record
from model.progress import progress
from realtime.atomic_file import whole_file
from realtime.face.face import FaceTracker

log = logging.getLogger(__name__)

_FORMAT = 2
_PICTURES = ("onset", "after", "later", "numbers")

Failed = list[tuple[str, str]]  # clip and reason


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
    held = _held(path, dataset.name)
    if held is None:
        held = _align(dataset.name, chosen, tracker)
        _write(path, *held)
    clips, failed = held
    for name, reason in failed:
        dataset.report.skip(dataset.name, name, reason)
    return clips


def _align(
    name: str, chosen: Sequence[tuple[Record, int]], tracker: FaceTracker
) -> tuple[list[AlignedClip], Failed]:
    clips, failed = [], []
    for record, label in progress(chosen, f"aligning {name}"):
        clip = align_clip(record, label, tracker)
        if isinstance(clip, str):
            failed.append((record.clip, clip))
        else:
            clips.append(clip)
    return clips, failed


def _held(path: Path, name: str) -> tuple[list[AlignedClip], Failed] | None:
    """What the file holds; None, with a warning unless there is none, when it cannot be read."""
    if not path.exists():
        return None
    try:
        return _read(path, name)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("%s is damaged and made again: %s", path, error)
        return None


def _key(chosen: Sequence[tuple[Record, int]]) -> str:
    text = "\n".join(f"{record!r} {label}" for record, label in chosen)
    whole = f"{_FORMAT} {R} {MOST_FRAMES}\n{text}"
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _write(path: Path, clips: Sequence[AlignedClip], failed: Failed) -> None:
    arrays: dict[str, Any] = {}
    for index, clip in enumerate(clips):
        arrays[f"{index}.name"] = np.array([clip.subject, clip.clip])
        arrays[f"{index}.place"] = np.array([clip.label, clip.apex, *clip.span])
        for name in _PICTURES:
            arrays[f"{index}.{name}"] = getattr(clip, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:  # several processes of a run may get here together
        failures = np.array(failed, dtype=str).reshape(-1, 2)
        np.savez(file, count=len(clips), failed=failures, **arrays)


def _read(path: Path, dataset: str) -> tuple[list[AlignedClip], Failed]:
    clips = []
    with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        for index in range(int(held["count"])):
            subject, clip = held[f"{index}.name"].tolist()
            label, apex, onset, last = held[f"{index}.place"].tolist()
            pictures = {name: held[f"{index}.{name}"] for name in _PICTURES}
            clips.append(
                AlignedClip(
                    dataset, subject, clip, label, apex=apex, span=(onset, last), **pictures
                )
            )
        failed = [(name, reason) for name, reason in held["failed"].tolist()]
    return clips, failed
