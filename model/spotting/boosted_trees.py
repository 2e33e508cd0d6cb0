"""Trees for the verifier: boosted, cross-fitted over groups, calibrated, with its operating table.

Needs scikit-learn, and treelite to read its trees; the file it writes is read without them.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from realtime.spotting.verifier import STAGES, table_digests

_SEEDS = 2
FOLDS = 5
# The second difference of a brief movement has two side lobes that look like small movements of
# their own.  Only a candidate at the peak itself is right; between right and wrong none is learned.
_RIGHT_S, _WRONG_S = 0.07, 0.11
_REAL_WEIGHT = 0.5  # of all candidates together; simulated ones are many

Array = NDArray[np.float64]


def boosted(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=150,
        max_leaf_nodes=12,
        min_samples_leaf=30,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


def cross_fit(
    results: Sequence[SimulationResult],
) -> tuple[list[ScoredCandidates], dict[Stage, tuple[float, float]]]:
    """Probabilities from trees that never saw the recording's group, and the Platt lines."""
    fold = fold_of({p.group for p in results})
    raw = [np.zeros(len(p.rows)) for p in results]
    for held_out in progress(range(FOLDS), "cross-fitting"):
        learned = [p for p in results if fold[p.group] != held_out]
        for stage in STAGES:
            models = fit_stage(learned, stage, seeds=1)
            for p, scores in zip(results, raw, strict=True):
                rows = [i for i, r in enumerate(p.rows) if r.stage == stage]
                if fold[p.group] == held_out and rows:
                    x = np.stack([p.rows[i].features for i in rows])
                    scores[rows] = decision(models, x)
    platt: dict[Stage, tuple[float, float]] = {}
    for stage in STAGES:
        x, y, w = _stacked(results, raw, stage)
        line = LogisticRegression(C=1e6).fit(x[:, None], y, sample_weight=w)
        platt[stage] = (float(line.coef_[0, 0]), float(line.intercept_[0]))
    return [
        scored(p, _calibrated(p, scores, platt)) for p, scores in zip(results, raw, strict=True)
    ], platt


def fold_of(groups: set[str]) -> dict[str, int]:
    """Each group's fold: videos and simulated people spread evenly."""
    simulated = sorted(g for g in groups if g.startswith(SIMULATED))
    real = sorted(groups - set(simulated))
    return {g: i % FOLDS for kind in (simulated, real) for i, g in enumerate(kind)}


def fit_stage(
    results: Sequence[SimulationResult], stage: Stage, seeds: int = _SEEDS
) -> list[HistGradientBoostingClassifier]:
    x, y, simulated = _examples(results, stage)
    return [boosted(seed).fit(x, y, sample_weight=_weights(simulated)) for seed in range(seeds)]


def _examples(
    results: Sequence[SimulationResult], stage: Stage
) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """(features, whether it is the peak of a movement, whether it was simulated) of a stage.

    Raises:
        DataError: there is no such candidate.
    """
    rows = [(r, p.simulated) for p in results for r in p.rows if r.stage == stage]
    rows = [(r, s) for r, s in rows if not _RIGHT_S < abs(r.late_by_s) < _WRONG_S]
    if not rows:
        raise DataError(f"no {stage} candidate to learn from: more recordings are needed")
    x = np.stack([r.features for r, _ in rows])
    y = np.array([_is_right(r) for r, _ in rows])
    return x, y, np.array([s for _, s in rows])


def _is_right(row: LabelledCandidate) -> bool:
    return row.event >= 0 and abs(row.late_by_s) <= _RIGHT_S


def decision(models: Sequence[HistGradientBoostingClassifier], x: NDArray[np.floating]) -> Array:
    return np.asarray(np.mean([m.decision_function(x) for m in models], axis=0), np.float64)


def export(
    path: Path,
    models: dict[Stage, list[HistGradientBoostingClassifier]],
    platt: dict[Stage, tuple[float, float]],
    operating: OperatingTable,
) -> None:
    """Write the file `realtime.spotting.verifier` reads."""
    arrays: dict[str, NDArray[np.generic]] = {
        "names": np.array(NAMES),
        "tables": np.array(sorted(table_digests().items())),
    }
    for stage, least in zip(STAGES, (operating.least_early, operating.least_late), strict=True):
        for name, values in _flattened(models[stage]).items():
            arrays[f"{stage}_{name}"] = values
        arrays[f"{stage}_platt"] = np.array(platt[stage])
        arrays[f"{stage}_alarms_per_min"] = operating.promised_per_min
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


def _weights(simulated: NDArray[np.bool_]) -> Array:
    share = np.where(simulated, 1 - _REAL_WEIGHT, _REAL_WEIGHT)
    count = np.where(simulated, max(simulated.sum(), 1), max((~simulated).sum(), 1))
    return np.asarray(share / count * len(simulated), np.float64)


def _stacked(
    results: Sequence[SimulationResult], raw: Sequence[Array], stage: Stage
) -> tuple[Array, NDArray[np.bool_], Array]:
    chosen = [
        (score, _is_right(r), p.simulated)
        for p, scores in zip(results, raw, strict=True)
        for r, score in zip(p.rows, scores, strict=True)
        if r.stage == stage
    ]
    x, y, simulated = (np.array(column) for column in zip(*chosen, strict=True))
    return x, y.astype(bool), _weights(simulated.astype(bool))


def _calibrated(
    result: SimulationResult, scores: Array, platt: dict[Stage, tuple[float, float]]
) -> Array:
    lines = np.array([platt[r.stage] for r in result.rows]).reshape(-1, 2)
    return np.asarray(1 / (1 + np.exp(-(lines[:, 0] * scores + lines[:, 1]))), np.float64)
