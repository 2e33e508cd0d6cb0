"""Train and test on annotated datasets: one network a fold, its test subjects predicted once.

Called by `fleeting train` with the clips of all datasets together.  What a fold does depends on its
clips, its seed and the number of threads alone, so folds may run in any order and place.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from model.datasets.align import AlignedClip
from model.datasets.clip_stream import ClipStream
from model.evaluation.fold_runner import fold_seed, run_folds
from model.evaluation.metrics.recognition import Scores, score_predictions
from model.evaluation.protocol import Fold, Protocol, folds
from model.evaluation.run_folder import Prediction
from model.network.frl_dgt import FrlDgt
from model.network.network_config import Config
from model.training.loop import CHECKPOINT, fit
from model.training.parallel import World
from model.training.schedule import Length, TrainSettings

log = logging.getLogger(__name__)

_BATCH = 8


@dataclass(frozen=True, slots=True)
class FoldWork:
    """Trains on a fold's training clips and predicts its test clips; pickles."""

    clips: tuple[AlignedClip, ...]
    classes: int
    length: Length
    settings: TrainSettings
    start_from: Path | None  # an engine folder, the same on every machine

    def __call__(self, fold: Fold, folder: Path) -> list[Prediction]:
        settings = replace(self.settings, seed=fold_seed(self.settings.seed, fold.name))
        network = train_on(
            [self.clips[index] for index in fold.train],
            folder,
            self.length,
            settings,
            classes=self.classes,
            start_from=self.start_from,
            resume=(folder / CHECKPOINT).exists(),
        )
        predictions = predict(network, self.clips, fold.test)
        (folder / CHECKPOINT).unlink()  # 28 MB a fold; its predictions are what is wanted
        return predictions


def train_on(
    clips: Sequence[AlignedClip],
    output: Path,
    length: Length,
    settings: TrainSettings,
    *,
    classes: int,
    start_from: Path | None,
    resume: bool,
) -> FrlDgt:
    """Train on clips; see `model.training.loop.fit`."""

    def stream_from(index: int, world: World) -> ClipStream:
        return ClipStream(clips, settings.seed, index, world.rank, world.size)

    stated = {"clips": [f"{clip.dataset} {clip.subject} {clip.clip}" for clip in clips]}
    return fit(
        output,
        stream_from,
        length,
        settings,
        stated,
        config=Config(classes=classes),
        start_from=start_from,
        resume=resume,
    )


def predict(
    network: FrlDgt, clips: Sequence[AlignedClip], chosen: Sequence[int]
) -> list[Prediction]:
    """Onset and labelled apex of every chosen clip, once; in float32."""
    predictions = []
    device = next(network.parameters()).device
    for start in range(0, len(chosen), _BATCH):
        indices = chosen[start : start + _BATCH]
        pairs = np.stack([clips[index].labelled_pair() for index in indices])
        with torch.no_grad():
            output = network(torch.from_numpy(pairs).to(device).float() / 255)
        for index, shares in zip(indices, output.logits.softmax(dim=1).tolist(), strict=True):
            predictions.append(Prediction(index, clips[index].label, tuple(shares)))
    return predictions


def cross_validate(
    clips: Sequence[AlignedClip],
    protocol: Protocol,
    work: FoldWork,
    output: Path,
    *,
    cluster: bool,
    workers: int,
    threads: int,
) -> tuple[Scores, dict[str, Scores]]:
    """Pooled scores of all folds, whole and by dataset.

    A fold whose result is in `output` is not run again.  Raises DataError as `run_folds` does.
    """
    keys = [(clip.dataset, clip.subject) for clip in clips]
    parts = folds(keys, protocol, seed=work.settings.seed)
    settings = {
        "clips": [f"{clip.dataset} {clip.subject} {clip.clip} {clip.label}" for clip in clips],
        "protocol": protocol,
        "classes": work.classes,
        "length": asdict(work.length),
        "start_from": str(work.start_from or ""),
        "settings": asdict(work.settings),
    }
    found = run_folds(
        parts, work, output, settings=settings, cluster=cluster, workers=workers, threads=threads
    )
    pooled = [prediction for predictions in found.values() for prediction in predictions]
    truth = np.array([prediction.truth for prediction in pooled])
    guess = np.array([int(np.argmax(prediction.probabilities)) for prediction in pooled])
    tested = [clips[prediction.index] for prediction in pooled]
    whose = np.array([f"{clip.dataset} {clip.subject}" for clip in tested])
    whole = score_predictions(truth, guess, whose, work.classes)
    by_dataset = {}
    for dataset in sorted({clip.dataset for clip in tested}):
        own = np.array([clip.dataset == dataset for clip in tested])
        by_dataset[dataset] = score_predictions(truth[own], guess[own], whose[own], work.classes)
    return whole, by_dataset
