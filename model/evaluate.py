"""What `fleeting evaluate` does: an engine and pairs with known classes in, figures out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from model.datasets.pair_file import aligned_pairs, read_rows
from model.engine.engine_folder import CARD, read_description, write_description
from model.engine.model_card import card
from model.evaluation.metrics.ranking import auroc
from model.evaluation.metrics.recognition import confusion, uar, uf1
from model.evaluation.recogniser import Recogniser
from model.synthetic.pairs import make_pair
from model.synthetic.portraits import Portrait, find_portraits, load_cache, split
from model.synthetic.recipe import NON_EVENT
from realtime.errors import DataError
from realtime.event import CLASSES
from realtime.face.face import FaceTracker
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

SEED = 1_000_003  # of the evaluation's pairs
BANDS_IOD = (0.0, 0.005, 0.010, 0.015, 0.020, 0.030, 0.100)


@dataclass(frozen=True, slots=True)
class Sample:
    pair: NDArray[np.uint8]  # (2, 224, 224)
    label: int  # index into CLASSES, or NON_EVENT
    identity: str  # who; of a blend, unknown
    peak_iod: float
    displacement: NDArray[np.float32] | None = None  # truth, crop pixels, where it is known
    valid: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Band:
    from_iod: float
    to_iod: float
    events: int
    uf1: float
    event_auroc: float | None  # against all the non-events


@dataclass(frozen=True, slots=True)
class Metrics:
    identities: int
    pairs: int
    events: int
    uf1: float
    uar: float
    uar_chance: float
    event_auroc: float | None
    event_auroc_chance: float
    endpoint_px: float | None  # mean over skin that moves at all
    endpoint_still_px: float | None  # the same for zero displacement
    confusion: list[list[int]]
    by_amplitude: list[Band]


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """Arguments of `fleeting evaluate`; its help explains each."""

    engine: Path
    data: Literal["synthetic", "pairs"] = "synthetic"
    pairs: Path | None = None
    leave_out: tuple[str, ...] = ()
    portraits: Path | None = None
    count: int = 1200
    name: str | None = None
    write: bool = False
    threads: int = 1
    face_model: Path | None = None


def synthetic_samples(portraits: Sequence[Portrait], count: int, seed: int) -> Iterator[Sample]:
    """Pairs of single held-out identities: no blends, so the identities can be counted."""
    for index in range(count):
        portrait = portraits[index % len(portraits)]
        pair = make_pair([portrait], seed, index)
        yield Sample(
            pair=np.stack([pair.onset, pair.apex]),
            label=pair.label,
            identity=portrait.name,
            peak_iod=pair.peak_iod,
            displacement=pair.displacement,
            valid=pair.valid,
        )


def file_samples(
    path: Path, tracker: FaceTracker, leave_out: Sequence[str] = ()
) -> Iterator[Sample]:
    labels = {**{name: index for index, name in enumerate(CLASSES)}, "none": NON_EVENT}
    rows = [row for row in read_rows(path) if row.subject not in leave_out]
    for row, crops in aligned_pairs(rows, tracker):
        if crops is None:
            continue
        if row.label not in labels:
            raise DataError(f"{path}: label {row.label!r} is none of {', '.join(labels)}")
        yield Sample(crops, labels[row.label], row.subject, row.peak_iod or 0.0)


def measure(recogniser: Recogniser, samples: Iterable[Sample]) -> Metrics:
    label, guess, micro, peak, identities = [], [], [], [], set()
    distances: list[tuple[float, float]] = []
    for sample in samples:
        answer = recogniser.answers(sample.pair[None])
        label.append(sample.label)
        guess.append(int(answer.logits[0].argmax()))
        micro.append(float(answer.micro_logit[0]))
        peak.append(sample.peak_iod)
        identities.add(sample.identity)
        if sample.displacement is not None and sample.valid is not None:
            length = np.hypot(*sample.displacement)
            where = sample.valid & (length > 0.2)
            if where.any():
                error = np.hypot(*(answer.displacement[0] - sample.displacement))
                distances.append((float(error[where].mean()), float(length[where].mean())))
    if not label:
        raise DataError("there is no pair to evaluate")
    return _summary(
        np.array(label),
        np.array(guess),
        np.array(micro),
        np.array(peak),
        len(identities),
        distances,
    )


def _summary(
    label: NDArray[np.intp],
    guess: NDArray[np.intp],
    micro: NDArray[np.float64],
    peak: NDArray[np.float64],
    identities: int,
    distances: list[tuple[float, float]],
) -> Metrics:
    event = label != NON_EVENT
    counts = confusion(label[event], guess[event])
    bands = []
    for low, high in itertools.pairwise(BANDS_IOD):
        inside = event & (peak >= low) & (peak < high)
        if inside.any():
            scores = confusion(label[inside], guess[inside])
            ranked = auroc(micro[inside], micro[~event])
            bands.append(Band(low, high, int(inside.sum()), uf1(scores), ranked))
    error, still = np.mean(distances, axis=0) if distances else (None, None)
    return Metrics(
        identities=identities,
        pairs=len(label),
        events=int(event.sum()),
        uf1=uf1(counts),
        uar=uar(counts),
        uar_chance=1 / len(CLASSES),
        event_auroc=auroc(micro[event], micro[~event]),
        event_auroc_chance=0.5,
        endpoint_px=None if error is None else float(error),
        endpoint_still_px=None if still is None else float(still),
        confusion=counts.tolist(),
        by_amplitude=bands,
    )


def report(name: str, metrics: Metrics, console: Console) -> None:
    table = Table(title=f"{name}: {metrics.identities} identities, {metrics.pairs} pairs")
    for heading in ("peak motion, % of IOD", "events", "UF1", "UAR", "event AUROC"):
        table.add_column(heading, justify="right")
    for band in metrics.by_amplitude:
        span = f"{100 * band.from_iod:.1f}–{100 * band.to_iod:.1f}"
        table.add_row(span, str(band.events), f"{band.uf1:.3f}", "", _figure(band.event_auroc))
    whole = (f"{metrics.uf1:.3f}", f"{metrics.uar:.3f}", _figure(metrics.event_auroc))
    table.add_row("all", str(metrics.events), *whole, end_section=True)
    chance = (f"{metrics.uar_chance:.3f}", f"{metrics.event_auroc_chance:.3f}")
    table.add_row("chance", "", "", *chance)
    console.print(table)
    console.print(f"rows truth, columns prediction ({', '.join(CLASSES)}): {metrics.confusion}")
    if metrics.endpoint_px is not None:
        console.print(
            f"displacement off by {metrics.endpoint_px:.3f} px where skin moves by "
            f"{metrics.endpoint_still_px:.3f} px on average"
        )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def write_metrics(engine: Path, name: str, metrics: Metrics) -> None:
    description = read_description(engine)
    description["metrics"][name] = asdict(metrics)
    write_description(engine, description)
    (engine / CARD).write_text(card(description), "utf-8")


def run(given: EvaluateOptions) -> None:
    """Measure, print and, where it is wanted, write; see `fleeting evaluate --help`.

    Raises:
        DataError: there is nothing to measure on.
        EngineError: the engine cannot be used.
    """
    metrics = measure(Recogniser(given.engine, threads=given.threads), _samples(given))
    name = given.name or given.data
    report(name, metrics, Console())
    if given.write:
        write_metrics(given.engine, name, metrics)


def _samples(given: EvaluateOptions) -> Iterator[Sample]:
    if given.data == "pairs":
        if given.pairs is None:
            raise DataError("--data pairs needs --pairs CSV")
        return file_samples(given.pairs, _tracker(given.face_model), given.leave_out)
    if given.portraits is not None and given.portraits.suffix == ".npz":
        portraits = load_cache(given.portraits)
    else:
        portraits = find_portraits(given.portraits, _tracker(given.face_model))
    _, held_out = split(portraits)
    if not held_out:
        raise DataError("no portrait is held out: give more with --portraits")
    return synthetic_samples(held_out, given.count, SEED)


def _tracker(model_path: Path | None) -> FaceTracker:
    return LandmarkTracker(face_model(model_path))
