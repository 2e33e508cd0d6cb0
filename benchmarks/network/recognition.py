"""Recognition of pairs: `python -m benchmarks.network.recognition --portraits CACHE`

Synthetic pairs of held-out identities, by the model of skin motion, by amplitude and by what else
happens in a pair; with --pairs a pair file, by its kind and amplitude.  Three baselines are
measured in the same run: the majority class, a hand rule on DIS flow, and a flow CNN of
OFF-ApexNet's size trained on the generator's pairs of the training identities.

UF1 and UAR are over the three classes, events only.  AUROC is of the event probability, events
against non-events.  Intervals are 95 %, by resampling identities.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._common.machine import machine
from benchmarks._common.markdown import publish, table
from model.datasets.pair_file import aligned_pairs, read_rows
from model.evaluation.baselines.flow_cnn import FlowCnn
from model.evaluation.baselines.hand_rule import HandRule
from model.evaluation.baselines.majority import Majority
from model.evaluation.baselines.prediction import BaselinePrediction
from model.evaluation.metrics.intervals import interval
from model.evaluation.metrics.ranking import auroc
from model.evaluation.metrics.recognition import confusion, uar, uf1
from model.evaluation.recogniser import Recogniser
from model.progress import progress
from model.synthetic.pairs import make_pair
from model.synthetic.portraits import Portrait, load_cache, split
from model.synthetic.recipe import DRAWN_NON_EVENTS, NON_EVENT, NonEvent, Recipe
from model.synthetic.skin_models import LEARNED, Motion
from realtime.engine.folder import default_engine
from realtime.errors import DataError, FleetingError
from realtime.event import CLASSES
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

SEED = 1_000_003  # of the tested pairs; training never draws from it
CNN_SEED = 1_000_033
AMPLITUDES_IOD = (0.005, 0.01, 0.02, 0.03)
FILE_BANDS_IOD = (0.0, 0.012, 0.02, 0.1)


class System(Protocol):
    def predict(self, pairs: NDArray[np.uint8]) -> BaselinePrediction: ...


@dataclass(frozen=True, slots=True)
class Set:
    """Pairs with what is known of them, row for row."""

    pairs: NDArray[np.uint8]  # (n, 2, 224, 224)
    label: NDArray[np.intp]  # (n,) index into CLASSES, or NON_EVENT
    identity: NDArray[np.str_]  # (n,)
    kind: NDArray[np.str_]  # (n,) model of motion, which non-event, or a pair file's kind
    peak_iod: NDArray[np.float64]  # (n,)


def drawn(
    portraits: Sequence[Portrait], seed: int, wanted: Iterable[tuple[str, Recipe, int]]
) -> Set:
    """`count` pairs of every (kind, recipe, count), each of one identity: no blends."""
    rows = []
    for number, (kind, recipe, count) in enumerate(wanted):
        for index in progress(range(count), kind):
            portrait = portraits[index % len(portraits)]
            pair = make_pair([portrait], seed + number, index, recipe)
            crops = np.stack([pair.onset, pair.apex])
            peak = recipe.peak_iod[0] if recipe.peak_iod and pair.label != NON_EVENT else 0.0
            rows.append((crops, pair.label, portrait.name, kind, peak))
    return Set(*(np.array(column) for column in zip(*rows, strict=True)))


def event_recipe(motion: Motion, peak_iod: float) -> Recipe:
    return Recipe(motions=(motion,), non_event_share=0.0, peak_iod=(peak_iod, peak_iod))


def non_event_recipe(kind: NonEvent) -> Recipe:
    return Recipe(non_event_share=1.0, non_events=(kind,))


def from_file(path: Path) -> Set:
    rows = read_rows(path)
    labels = {**{name: index for index, name in enumerate(CLASSES)}, "none": NON_EVENT}
    tracker = LandmarkTracker(face_model())
    kept = []
    for row, crops in progress(aligned_pairs(rows, tracker), "aligning", len(rows)):
        if crops is not None and row.label in labels:
            kind = row.columns.get("kind", "")
            kept.append((crops, labels[row.label], row.subject, kind, row.peak_iod or 0.0))
    if not kept:
        raise DataError(f"{path} has no labelled pair whose face is found")
    return Set(*(np.array(column) for column in zip(*kept, strict=True)))


def train_cnn(portraits: Sequence[Portrait], pairs: int, cache: Path) -> FlowCnn:
    """The flow CNN, trained on the generator's pairs; kept in `cache` once it is."""
    if cache.exists():
        return FlowCnn.load(cache)
    crops = np.empty((pairs, 2, 224, 224), np.uint8)
    label = np.empty(pairs, np.intp)
    for index in progress(range(pairs), "pairs for the flow CNN"):
        pair = make_pair(portraits, CNN_SEED, index)
        crops[index], label[index] = np.stack([pair.onset, pair.apex]), pair.label
    network = FlowCnn.fit(crops, label, seed=1, epochs=20)
    network.save(cache)
    return network


# --- Figures -----------------------------------------------------------------------------


def scores(
    tested: Set, answer: BaselinePrediction, events: NDArray[np.bool_], others: NDArray[np.bool_]
) -> list[str]:
    """UF1, UAR and AUROC of `events` (against `others`), with their intervals."""
    guess = answer.probabilities.argmax(axis=1)
    chosen = np.flatnonzero(events | others)
    label, micro, predicted = tested.label[chosen], answer.micro[chosen], guess[chosen]
    is_event = events[chosen]

    def counts(rows: NDArray[np.intp]) -> NDArray[np.int64]:
        shown = rows[is_event[rows]]
        return confusion(label[shown], predicted[shown])

    statistics = [
        lambda rows: uf1(counts(rows)),
        lambda rows: uar(counts(rows)),
        lambda rows: auroc(micro[rows][is_event[rows]], micro[rows][~is_event[rows]]),
    ]
    who = tested.identity[chosen]
    return [str(interval(statistic, who)) for statistic in statistics]


def by_amplitude(tested: Set, answers: dict[str, BaselinePrediction]) -> str:
    none = tested.label == NON_EVENT
    rows = []
    for motion in LEARNED:
        for peak in (*AMPLITUDES_IOD, None):
            own = (tested.kind == motion) & ~none
            own &= tested.peak_iod >= 0.01 if peak is None else tested.peak_iod == peak
            span = "1 and more" if peak is None else f"{100 * peak:g}"
            for name, answer in answers.items():
                rows.append(
                    [motion, span, name, str(own.sum()), *scores(tested, answer, own, none)]
                )
    return table(
        ["skin model", "peak % IOD", "system", "events", "UF1", "UAR", "event AUROC"], rows
    )


def by_confounder(tested: Set, answers: dict[str, BaselinePrediction]) -> str:
    """Events of 1 % and more against one kind of non-event at a time."""
    large = (tested.label != NON_EVENT) & (tested.peak_iod >= 0.01)
    rows = []
    for kind in DRAWN_NON_EVENTS:
        own = (tested.kind == kind) & (tested.label == NON_EVENT)
        for name, answer in answers.items():
            rank = scores(tested, answer, large, own)[2]
            rows.append(
                [kind, name, str(own.sum()), rank, f"{(answer.micro[own] > 0.5).mean():.2f}"]
            )
    return table(
        ["non-event", "system", "pairs", "event AUROC", "false-positive rate at 0.5"], rows
    )


def by_kind(tested: Set, answers: dict[str, BaselinePrediction]) -> str:
    """A pair file: by its kinds, then by amplitude."""
    event = tested.label != NON_EVENT
    everything = np.ones(len(event), bool)
    groups = {"all": (everything, everything)}
    for kind in sorted(set(tested.kind.tolist())):
        groups[kind or "unnamed"] = (tested.kind == kind, tested.kind == kind)
    for low, high in pairwise(FILE_BANDS_IOD):
        inside = (tested.peak_iod >= low) & (tested.peak_iod < high)
        groups[f"peak {100 * low:g}–{100 * high:g} % IOD"] = (inside, everything)
    rows = []
    for group, (shown, against) in groups.items():
        for name, answer in answers.items():
            figures = scores(tested, answer, shown & event, against & ~event)
            rows.append([group, name, str((shown & event).sum()), *figures])
    return table(["pairs", "system", "events", "UF1", "UAR", "event AUROC"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--portraits", type=Path, required=True, help="portraits.npz of a training run"
    )
    parser.add_argument("--engine", type=Path, default=default_engine())
    parser.add_argument(
        "--other-engine",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "FOLDER"),
        help="another engine in the same tables, e.g. one that has not seen a model of motion",
    )
    parser.add_argument("--pairs", type=Path, help="pair file, in a table of its own")
    parser.add_argument("--leave-out", nargs="+", default=[], help="its subjects trained on")
    parser.add_argument("--count", type=int, default=120, help="pairs of every kind")
    parser.add_argument("--cnn-pairs", type=int, default=12_000)
    parser.add_argument("--cnn", type=Path, default=Path("runs/flow_cnn.safetensors"))
    parser.add_argument("--out", type=Path, help="write the tables to this file too")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        text = report(given)
    except FleetingError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    publish(text, given.out)
    return 0


def report(given: argparse.Namespace) -> str:
    seen, held_out = split(load_cache(given.portraits))
    if not held_out:
        raise DataError("no portrait is held out: give more with --portraits")
    shipped = Recogniser(given.engine)
    systems: dict[str, System] = {"network": shipped}
    systems |= {name: Recogniser(Path(folder)) for name, folder in given.other_engine}
    systems["flow CNN"] = train_cnn(seen, given.cnn_pairs, given.cnn)
    systems["hand rule"] = HandRule()
    systems["majority"] = Majority()
    wanted = [
        (motion, event_recipe(motion, peak), given.count)
        for motion in LEARNED
        for peak in AMPLITUDES_IOD
    ]
    wanted += [(kind, non_event_recipe(kind), given.count) for kind in DRAWN_NON_EVENTS]
    tested = drawn(held_out, SEED, wanted)
    answers = {name: system.predict(tested.pairs) for name, system in systems.items()}
    parts = [
        "# Recognition\n\nClasses and events on pairs of people that no system was trained on, "
        "beside three baselines. UF1 and UAR are over events only; AUROC is events against "
        "non-events.\n\n"
        f"Engine {shipped.folder.name} ({shipped.folder.fingerprint}), "
        f"{len(held_out)} held-out identities, {len(tested.label)} pairs, seed {SEED}. "
        f"Chance: UAR {1 / len(CLASSES):.2f}, AUROC 0.50. {machine()}\n",
        "\n## By skin-deformation model and amplitude\n\n",
        by_amplitude(tested, answers),
        "\n## By kind of non-event\n\n`repeat` is an identical pair: no motion at all.\n\n",
        by_confounder(tested, answers),
    ]
    if given.pairs:
        filed = from_file(given.pairs)
        keep = ~np.isin(filed.identity, given.leave_out)
        filed = Set(*(getattr(filed, name)[keep] for name in Set.__slots__))
        answers = {name: system.predict(filed.pairs) for name, system in systems.items()}
        people = len(set(filed.identity.tolist()))
        parts += [f"\n## Pair file: {people} subjects, {len(filed.label)} pairs\n\n"]
        parts += [by_kind(filed, answers)]
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
