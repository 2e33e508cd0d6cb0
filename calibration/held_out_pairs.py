"""Pairs with known answers for what fits an engine: some to fit on, others to score on.

No person is in both, and none in what the engine was trained on: a figure on the data
of the fit would be too good.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.evaluate import SEED, Sample, file_samples, synthetic_samples
from model.progress import progress
from model.synthetic.portraits import load_cache, split
from realtime.errors import DataError, SettingsError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model


@dataclass(frozen=True, slots=True)
class HeldOutPairs:
    """Where the pairs come from: one of the two files."""

    pairs: Path | None  # CSV of photographs the engine never saw
    portraits: Path | None  # portraits.npz of its training run
    count: int = 600  # synthetic pairs drawn


def fit_and_score(given: HeldOutPairs) -> tuple[list[Sample], list[Sample]]:
    """Half of the people to fit on, the other half to score on.

    Raises:
        SettingsError: not exactly one source was given.
        DataError: it holds fewer than two people.
    """
    if (given.pairs is None) == (given.portraits is None):
        raise SettingsError("give one of --pairs CSV and --portraits NPZ")
    if given.pairs is not None:
        drawn = file_samples(given.pairs, LandmarkTracker(face_model()))
    else:
        assert given.portraits is not None
        _, held_out = split(load_cache(given.portraits))
        drawn = synthetic_samples(held_out, given.count, SEED)
    samples = list(progress(drawn, "pairs", None if given.pairs else given.count))
    people = sorted({s.identity for s in samples})
    if len(people) < 2:
        raise DataError("pairs of two people at least: one half to fit on, the other to score on")
    first = set(people[::2])
    return (
        [s for s in samples if s.identity in first],
        [s for s in samples if s.identity not in first],
    )
