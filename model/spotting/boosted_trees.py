"""Trees for the verifier: boosted, cross-fitted over groups, calibrated, with its operating table.

Needs scikit-learn, and treelite to read its trees; the file it writes is read without them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import treelite
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from model.progress import progress
from model.spotting.jobs import SIMULATED, SimulationResult
from model.spotting.labelled_candidates import LabelledCandidate
from model.spotting.operating_point import OperatingTable, ScoredCandidates, scored
from realtime.atomic_file import whole_file
from realtime.errors import DataError
from realtime.spotting.candidates import Stage
from realtime.spotting.features import NAMES
from realtime.spotting.sensitivity import Probes
from realtime.spotting.verifier import STAGES, table_digests

_SEEDS = 2
FOLDS = 4
_BINS = 63
# Most candidates are plainly no movement: of those a share is learned, with more weight each.
_HARD, _KEPT = 0.2, 0.12
_FEW = 15_000  # examples that all are learned from
# The second difference of a brief movement has two side lobes that look like small movements of
# their own.  Only a candidate at the peak itself is right; between right and wrong none is learned.
_RIGHT_S, _WRONG_S = 0.07, 0.11
_REAL_WEIGHT = 0.5  # of all candidates together; simulated ones are many

Array = NDArray[np.float64]


def boosted(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=220,
        max_leaf_nodes=16,
        max_bins=_BINS,
        min_samples_leaf=30,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


Forests = dict[Stage, list[HistGradientBoostingClassifier]]
Platt = dict[Stage, tuple[float, float]]


def cross_fit(
    results: Sequence[SimulationResult],
    is_learned: Callable[[SimulationResult], bool] = lambda _: True,
) -> tuple[list[ScoredCandidates], Platt, list[Forests]]:
    """Probabilities from trees that never saw the recording's group, the Platt lines, the trees.

    The trees are those of each fold of `fold_of`.

    Args:
        is_learned: which results trees are fitted to; all are scored.

    Raises:
        DataError: a fold leaves nothing to learn from.
    """
    fold = fold_of({p.group for p in results})
    raw = [np.zeros(len(p.rows)) for p in results]
    forests: list[Forests] = [{} for _ in range(FOLDS)]
    for held_out in progress(range(FOLDS), "cross-fitting"):
        learned = [p for p in results if fold[p.group] != held_out and is_learned(p)]
        for stage in STAGES:
            models = forests[held_out][stage] = fit_stage(learned, stage, seeds=1)
            for p, scores in zip(results, raw, strict=True):
                rows = [i for i, r in enumerate(p.rows) if r.stage == stage]
                if fold[p.group] == held_out and rows:
                    x = np.stack([p.rows[i].features for i in rows])
                    scores[rows] = decision(models, x)
    platt: Platt = {}
    for stage in STAGES:
        x, y, w = _stacked(results, raw, stage)
        line = LogisticRegression(C=1e6).fit(x[:, None], y, sample_weight=w)
        platt[stage] = (float(line.coef_[0, 0]), float(line.intercept_[0]))
    cases = [
        scored(p, _calibrated(p, scores, platt)) for p, scores in zip(results, raw, strict=True)
    ]
    return cases, platt, forests


def fold_of(groups: set[str]) -> dict[str, int]:
    """Each group's fold: videos and simulated people spread evenly."""
    simulated = sorted(g for g in groups if g.startswith(SIMULATED))
    real = sorted(groups - set(simulated))
    return {g: i % FOLDS for kind in (simulated, real) for i, g in enumerate(kind)}


def fit_stage(
    results: Sequence[SimulationResult], stage: Stage, seeds: int = _SEEDS
) -> list[HistGradientBoostingClassifier]:
    x, y, group = _examples(results, stage)
    kept, weight = _thinned(x, y)
    x, y = x[kept], y[kept]
    weight = weight * _weights(group[kept], weight)
    return [boosted(seed).fit(x, y, sample_weight=weight) for seed in range(seeds)]


def _thinned(x: NDArray[np.floating], y: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Array]:
    """Which examples to learn from, and how many each one counts for.

    All movements, what small trees take for one most, and a share of the rest.
    """
    rng = np.random.default_rng(0)
    if len(y) < _FEW or y.all() or not y.any():
        return np.arange(len(y)), np.ones(len(y))
    sample = rng.random(len(y)) < _FEW / len(y)
    small = HistGradientBoostingClassifier(
        learning_rate=0.2, max_iter=30, max_leaf_nodes=12, early_stopping=False, random_state=0
    ).fit(x[sample], y[sample])
    likeness = small.decision_function(x)
    hard = y | (likeness >= np.quantile(likeness[~y], 1 - _HARD))
    kept = np.flatnonzero(hard | (rng.random(len(y)) < _KEPT))
    return kept, np.where(hard[kept], 1.0, 1 / _KEPT)


def _examples(
    results: Sequence[SimulationResult], stage: Stage
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.str_]]:
    """(features, whether it is the peak of a movement, its group) of a stage.

    Raises:
        DataError: there is no such candidate.
    """
    rows = [
        (r, p.group)
        for p in results
        if p.events
        for r in p.rows
        if r.stage == stage and r.continuous and not _RIGHT_S < abs(r.late_by_s) < _WRONG_S
    ]
    if not rows:
        raise DataError(f"no {stage} candidate to learn from: more recordings are needed")
    x = np.stack([r.features for r, _ in rows]).astype(np.float32)
    y = np.array([_is_right(r) for r, _ in rows])
    return x, y, np.array([group for _, group in rows])


def _is_right(row: LabelledCandidate) -> bool:
    return row.event >= 0 and abs(row.late_by_s) <= _RIGHT_S


def decision(models: Sequence[HistGradientBoostingClassifier], x: NDArray[np.floating]) -> Array:
    return np.asarray(np.mean([m.decision_function(x) for m in models], axis=0), np.float64)


def export(
    path: Path,
    models: Forests,
    platt: Platt,
    operating: OperatingTable,
    probes: Probes,
) -> None:
    """Write the file `realtime.spotting.verifier` reads."""
    arrays: dict[str, NDArray[np.generic]] = {
        "names": np.array(NAMES),
        "tables": np.array(sorted(table_digests().items())),
        "probes_upper": probes.upper.astype(np.float32),
        "probes_lower": probes.lower.astype(np.float32),
        "probes_line": np.array([probes.offset, probes.slope]),
    }
    for stage, least in zip(STAGES, (operating.least_early, operating.least_late), strict=True):
        for name, values in _flattened(models[stage]).items():
            arrays[f"{stage}_{name}"] = values
        arrays[f"{stage}_platt"] = np.array(platt[stage])
        arrays[f"{stage}_alarms_per_min"] = operating.target_per_min
        arrays[f"{stage}_least"] = least
    with whole_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _flattened(models: Sequence[HistGradientBoostingClassifier]) -> dict[str, NDArray[np.generic]]:
    """All trees of all models in one list of nodes; their sum is the mean decision."""
    columns: dict[str, list[NDArray[np.generic]]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "value")
    }
    roots, count = [], 0
    for model in models:
        forest = treelite.sklearn.import_model(model)
        base = float(forest.get_header_accessor().get_field("base_scores")[0])
        for step in range(forest.num_tree):
            nodes = forest.get_tree_accessor(step)
            left, right = nodes.get_field("cleft"), nodes.get_field("cright")
            leaf = left < 0
            roots.append(count)
            columns["feature"].append(np.where(leaf, -1, nodes.get_field("split_index")))
            # a view of memory that goes with the forest
            columns["threshold"].append(nodes.get_field("threshold").copy())
            columns["left"].append(np.where(leaf, 0, left + count))
            columns["right"].append(np.where(leaf, 0, right + count))
            value = nodes.get_field("leaf_value") + (base if step == 0 else 0.0)
            columns["value"].append(value / len(models))
            count += len(left)
    flat: dict[str, NDArray[np.generic]] = {k: np.concatenate(v) for k, v in columns.items()}
    flat["roots"] = np.array(roots, np.int32)
    return flat


def _weights(group: NDArray[np.str_], count: Array) -> Array:
    """What each example is multiplied by, mean 1; `count` is how many it stands for.

    A person of whom more was recorded weighs more, but less than in proportion; real people
    together weigh as much as simulated ones.
    """
    simulated = np.char.startswith(group, SIMULATED)
    factor = np.ones(len(group))
    for person in np.unique(group[~simulated]):
        own = group == person
        factor[own] = 1 / np.sqrt(count[own].sum())
    for part, share in ((simulated, 1 - _REAL_WEIGHT), (~simulated, _REAL_WEIGHT)):
        if part.any():
            factor[part] *= share / (factor[part] * count[part]).sum()
    return np.asarray(factor * len(group) / (factor * count).sum(), np.float64)


def _stacked(
    results: Sequence[SimulationResult], raw: Sequence[Array], stage: Stage
) -> tuple[Array, NDArray[np.bool_], Array]:
    chosen = [
        (score, _is_right(r), p.group)
        for p, scores in zip(results, raw, strict=True)
        if p.events
        for r, score in zip(p.rows, scores, strict=True)
        if r.stage == stage and r.continuous
    ]
    x, y, group = (np.array(column) for column in zip(*chosen, strict=True))
    return x, y.astype(bool), _weights(group, np.ones(len(group)))


def _calibrated(result: SimulationResult, scores: Array, platt: Platt) -> Array:
    lines = np.array([platt[r.stage] for r in result.rows]).reshape(-1, 2)
    return np.asarray(1 / (1 + np.exp(-(lines[:, 0] * scores + lines[:, 1]))), np.float64)
