"""The probability that a candidate is a micro-expression: boosted trees over its features.

`fleeting train-verifier` makes the file.  It holds plain arrays only: two sets of trees (for early
and for late candidates), a Platt calibration for each, and for each the probability that let
through so many false alarms a minute on people the trees had not seen.  So a user sets a target
false-alarm rate, not a threshold.  It also holds the movements that the sensitivity meter lays in,
and the digests of the tables that the features depend on: with others the trees would judge
numbers they have not learned from.
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.errors import VerifierError
from realtime.spotting import au_filters
from realtime.spotting.candidates import Stage
from realtime.spotting.channels import FIRST
from realtime.spotting.features import NAMES
from realtime.spotting.sensitivity import HALVES, Probes

SHIPPED = Path(__file__).with_name("verifier.npz")
STAGES: tuple[Stage, ...] = ("early", "late")
TABLES = (au_filters.PATTERNS, au_filters.NOISE)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of decision trees; node i goes left where its feature is at most `threshold[i]`."""

    roots: NDArray[np.int32]  # (trees,) first node of each
    feature: NDArray[np.int32]  # (nodes,) -1 at a leaf
    threshold: Array  # (nodes,)
    left: NDArray[np.int32]  # (nodes,)
    right: NDArray[np.int32]
    value: Array  # (nodes,) of a leaf
    slope: float  # Platt: the probability is σ(slope · sum + offset)
    offset: float
    alarms_per_min: Array  # (k,) ascending
    least: Array  # (k,) threshold at that rate

    def probability(self, features: Array) -> float:
        total = _sum(
            self.roots, self.feature, self.threshold, self.left, self.right, self.value, features
        )
        return 1.0 / (1.0 + math.exp(-min(max(self.slope * total + self.offset, -30.0), 30.0)))

    def threshold_for(self, alarms_per_min: float) -> float:
        """The threshold for a target false-alarm rate, a minute."""
        return float(np.interp(alarms_per_min, self.alarms_per_min, self.least))


@dataclass(frozen=True, slots=True)
class Verifier:
    early: Trees
    late: Trees
    probes: Probes  # what the sensitivity meter lays in
    digest: str  # of the file

    def trees(self, stage: Stage) -> Trees:
        return self.early if stage == "early" else self.late


@cache
def load_verifier(path: Path = SHIPPED) -> Verifier:
    """Read a verifier file, once.

    Raises:
        VerifierError: it is missing, damaged, or made for other features or tables.
    """
    try:
        content = path.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            if "tables" not in arrays or tuple(arrays["names"]) != NAMES:
                raise VerifierError(
                    f"{path} was made for another version of Fleeting: train it again"
                )
            _check_tables(path, dict(arrays["tables"].tolist()))
            early, late = (_trees(arrays, stage) for stage in STAGES)
            probes = _probes(arrays)
    except OSError as error:
        raise VerifierError(f"{path} cannot be read as a verifier: {error}") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise VerifierError(
            f"{path} cannot be read as a verifier: it is damaged, or "
            "fleeting train-verifier did not write it"
        ) from error
    return Verifier(early, late, probes, hashlib.sha256(content).hexdigest())


def table_digests() -> dict[str, str]:
    """SHA-256 of each of `TABLES`, by file name."""
    return {table.name: hashlib.sha256(table.read_bytes()).hexdigest() for table in TABLES}


def _check_tables(path: Path, learned: dict[str, str]) -> None:
    for name, digest in table_digests().items():
        if learned.get(name) != digest:
            raise VerifierError(
                f"{path} was trained with another {name} than {SHIPPED.with_name(name)}: "
                "train it again, or use the table that belongs to it"
            )


def _probes(arrays: Any) -> Probes:
    offset, slope = (float(v) for v in arrays["probes_line"])
    upper, lower = (arrays[f"probes_{half}"].astype(np.float64) for half in HALVES)
    if any(p.ndim != 2 or p.shape[1] != FIRST or not len(p) for p in (upper, lower)):
        raise ValueError("its movements are damaged")
    return Probes(upper, lower, offset, slope)


def _trees(arrays: Any, stage: Stage) -> Trees:
    slope, offset = (float(v) for v in arrays[f"{stage}_platt"])
    trees = Trees(
        roots=arrays[f"{stage}_roots"],
        feature=arrays[f"{stage}_feature"],
        threshold=arrays[f"{stage}_threshold"],
        left=arrays[f"{stage}_left"],
        right=arrays[f"{stage}_right"],
        value=arrays[f"{stage}_value"],
        slope=slope,
        offset=offset,
        alarms_per_min=arrays[f"{stage}_alarms_per_min"],
        least=arrays[f"{stage}_least"],
    )
    nodes = len(trees.feature)
    inside = trees.feature >= 0
    own = np.arange(nodes)
    sound = (
        all(len(a) == nodes for a in (trees.threshold, trees.left, trees.right, trees.value))
        and trees.feature.max(initial=-1) < len(NAMES)
        # children lie behind their parents, so every walk ends
        and bool((trees.left[inside] > own[inside]).all() and (trees.left < nodes).all())
        and bool((trees.right[inside] > own[inside]).all() and (trees.right < nodes).all())
        and bool((trees.roots >= 0).all() and (trees.roots < nodes).all())
        and len(trees.alarms_per_min) == len(trees.least) > 0
    )
    if not sound:
        raise ValueError(f"its {stage} trees are damaged")
    return trees


@numba.njit(nogil=True, cache=True)
def _sum(roots, feature, threshold, left, right, value, x):  # type: ignore[no-untyped-def]
    total = 0.0
    for root in roots:
        node = root
        while feature[node] >= 0:
            node = left[node] if x[feature[node]] <= threshold[node] else right[node]
        total += value[node]
    return total
