"""Who is trained on and who is tested: the folds of an evaluation protocol.

Called by the trainer and the benchmarks with the subject of every record;
`model.evaluation.fold_runner` runs what comes out.  A subject is (dataset, subject): "1" of CASME
II and "1" of SAMM are two people.

No choice is ever made on a test subject.  The records in `test` are predicted once, by weights
that were final before; the length of training, the settings, a threshold or the weights to keep
are fixed beforehand or found among the training subjects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never
from urllib.parse import quote

from realtime.errors import DataError

SubjectKey = tuple[str, str]  # dataset, subject
Protocol = Literal["loso", "holdout", "cross-dataset", "all"]

HELD_OUT_SHARE = 0.2  # of the subjects of each dataset, with "holdout"


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of a list of records.

    Raises:
        ValueError: if the name cannot be that of a folder, or a record is on both sides.
    """

    name: str
    train: tuple[int, ...]  # indices of records, ascending
    test: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.name in ("", ".", "..") or set(self.name) & set("/\\\0"):
            raise ValueError(f"{self.name!r} cannot be the name of a fold's folder")
        if both := set(self.train) & set(self.test):
            raise ValueError(f"fold {self.name} trains and tests on records {sorted(both)}")


def folds(keys: Sequence[SubjectKey], protocol: Protocol, *, seed: int) -> list[Fold]:
    """The folds of a protocol, in an order that depends on the subjects alone.

    loso           one fold for each subject: it is tested, all others of all datasets are trained
                   on (MEGC 2019)
    holdout        one fold: a fifth of each dataset's subjects is tested, at least one; which ones
                   hangs on the hash of their key and the seed, not on the order of the records
    cross-dataset  one fold for each dataset: it is tested, the other datasets are trained on
    all            one fold that trains on everything and tests nothing

    Args:
        keys: the subject of each record; a fold's indices point into it.
        seed: read by "holdout" only.

    Raises:
        DataError: if there are too few subjects or datasets for the protocol.
    """
    if not keys:
        raise DataError("there are no records to make folds of: check the dataset folders")
    subjects = sorted(set(keys))
    match protocol:
        case "loso":
            if len(subjects) < 2:
                raise DataError(
                    f"leaving one subject out needs two, and all records are of {_said(*subjects)}:"
                    " add a dataset or choose the protocol 'all'"
                )
            return [_fold(_folder_name(*subject), keys, {subject}) for subject in subjects]
        case "holdout":
            return [_fold("holdout", keys, _held_out(subjects, seed))]
        case "cross-dataset":
            datasets = sorted({dataset for dataset, _ in subjects})
            if len(datasets) < 2:
                raise DataError(
                    f"testing across datasets needs two, and all records are of {datasets[0]}:"
                    " add a dataset or choose the protocol 'loso'"
                )
            return [
                _fold(_folder_name(held), keys, {key for key in subjects if key[0] == held})
                for held in datasets
            ]
        case "all":
            return [_fold("all", keys, set())]
        case _:
            assert_never(protocol)


def _fold(name: str, keys: Sequence[SubjectKey], held_out: Collection[SubjectKey]) -> Fold:
    train = tuple(i for i, key in enumerate(keys) if key not in held_out)
    test = tuple(i for i, key in enumerate(keys) if key in held_out)
    return Fold(name, train, test)


def _held_out(subjects: Sequence[SubjectKey], seed: int) -> set[SubjectKey]:
    held: set[SubjectKey] = set()
    for dataset in sorted({key[0] for key in subjects}):
        ranked = sorted(
            (key for key in subjects if key[0] == dataset),
            key=lambda key: hashlib.sha256(repr((seed, *key)).encode()).digest(),
        )
        if len(ranked) < 2:
            raise DataError(
                f"a hold-out needs two subjects of each dataset, and there is only"
                f" {_said(*ranked)}: leave {dataset} out or choose another protocol"
            )
        held.update(ranked[: max(1, round(HELD_OUT_SHARE * len(ranked)))])
    return held


def _folder_name(*parts: str) -> str:
    """Joined by "+", which `quote` lets stand in no part: two subjects never share a folder."""
    return "+".join(quote(part, safe="") for part in parts)


def _said(key: SubjectKey) -> str:
    return f"subject {key[1]} of {key[0]}"
